export const REDIRECT_URL = "http://127.0.0.1:9/callback";

/** `authProvider` of the official clients: what one remembers: the SDK does all the rest. */
export class Session {
  redirectUrl = REDIRECT_URL;
  clientMetadata = {
    client_name: "end to end",
    redirect_uris: [REDIRECT_URL],
    grant_types: ["authorization_code"],
    response_types: ["code"],
    token_endpoint_auth_method: "none",
    scope: "mcp",
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => {
    this.client = client;
  };
  tokens = () => this.saved;
  saveTokens = (tokens) => {
    this.saved = tokens;
  };
  saveCodeVerifier = (verifier) => {
    this.verifier = verifier;
  };
  codeVerifier = () => this.verifier;
  discoveryState = () => this.discovery;
  saveDiscoveryState = (discovery) => {
    this.discovery = discovery;
  };
  redirectToAuthorization = (url) => {
    this.authorizationUrl = url;
  };
}
