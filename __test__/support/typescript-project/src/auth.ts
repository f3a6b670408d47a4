// The test compiles and runs this project as it stands, and again with nothing changed but the module
// that this import names.
import {
  APIKeyAuthProvider,
  DEFAULT_API_KEY_HEADER_NAME,
  JWTAuthProvider,
  type JWTConfig,
} from "mcp-framework";

export function providerOf(kind: "api-key" | "jwt", secret: string) {
  const jwtConfig: JWTConfig = {
    secret,
    algorithms: ["HS256"],
    headerName: "Authorization",
    requireBearer: true,
  };
  return kind === "jwt"
    ? new JWTAuthProvider(jwtConfig)
    : new APIKeyAuthProvider({ keys: [secret], headerName: DEFAULT_API_KEY_HEADER_NAME });
}
