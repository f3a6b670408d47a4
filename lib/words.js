/** The framework's answer for a refusal without words of its own. */
export const DEFAULT_AUTH_ERROR = { status: 401, message: "Unauthorized" };
