/** The framework's answer for a refusal without words of its own. */
export const DEFAULT_AUTH_ERROR = { status: 401, message: "Unauthorized" };

/** The answer to a failure too many from one address, with or without the header. */
export const THROTTLED_ERROR = { status: 429, message: "Too many failed authentication attempts" };
