// Uses of the package that must not compile: each marked line is an error of its own.

import {
  APIKeyAuthProvider,
  type AuthConfig,
  anyOf,
  checkApiKey,
  generateApiKey,
  JWTAuthProvider,
  OAuthAuthProvider,
  type OAuthConfig,
} from "mcp-native-auth";

new APIKeyAuthProvider(); // wrong
new APIKeyAuthProvider({}); // wrong
new APIKeyAuthProvider({ keys: "k1" }); // wrong
new APIKeyAuthProvider({ keys: [1] }); // wrong
new APIKeyAuthProvider({ key: "k1" }); // wrong: keys
new APIKeyAuthProvider({ strict: true }); // wrong: keys
new APIKeyAuthProvider({ keys: ["k1"], loadKeys: () => [] }); // wrong: loadKeys
new APIKeyAuthProvider({ keys: ["k1"], reloadIntervalSeconds: 60 }); // wrong: reloadIntervalSeconds
new APIKeyAuthProvider({ loadKeys: () => 5 }); // wrong
new APIKeyAuthProvider({ keys: ["k1"], headername: "X-Key" }); // wrong: headername
new APIKeyAuthProvider({ keys: ["k1"], queryFallback: "no" }); // wrong
new JWTAuthProvider(); // wrong
new JWTAuthProvider({}); // wrong
new JWTAuthProvider({ secret: 5 }); // wrong
new JWTAuthProvider({ secret: () => "s" }); // wrong
new JWTAuthProvider({ secret: Promise.resolve("s") }); // wrong
new JWTAuthProvider({ secret: { kty: 5 } }); // wrong
new JWTAuthProvider({ secret: undefined }); // wrong
new JWTAuthProvider({ secret: process.env.JWT_SECRET }); // wrong: secret
new JWTAuthProvider({ issuer: "https://issuer.example" }); // wrong: secret
new JWTAuthProvider({ secret: "s", algorithms: ["none"] }); // wrong
new JWTAuthProvider({ secret: "s", algorithms: "HS256" }); // wrong
new JWTAuthProvider({ secret: "s", requireBearer: 1 }); // wrong
new JWTAuthProvider({ secret: "s", requireExpiraton: true }); // wrong: requireExpiraton
new JWTAuthProvider({ secret: "s", throttle: true }); // wrong
new JWTAuthProvider({ secret: "s", throttle: { failurs: 3 } }); // wrong
new JWTAuthProvider({ secret: "s", throttle: { limiter: {} } }); // wrong
new JWTAuthProvider({ secret: "s", trustProxy: "X-Real-IP" }); // wrong
new JWTAuthProvider({ secret: "s", keys: ["s"] }); // wrong: keys
new JWTAuthProvider({ keys: "s" }); // wrong
new JWTAuthProvider({ jwksUri: 5 }); // wrong
new JWTAuthProvider({ jwksUri: "https://a.example/jwks", secret: "s" }); // wrong: secret
new JWTAuthProvider({ loadKeys: () => 5 }); // wrong
new JWTAuthProvider({ loadKeys: () => ["s"], jwksUri: "https://a.example/jwks" }); // wrong: jwksUri
new JWTAuthProvider({ secret: "s", requireHttps: true }); // wrong: requireHttps
new JWTAuthProvider({ secret: "s", issuer: /issuer/ }); // wrong
new JWTAuthProvider({ secret: "s", maxTokenAge: "1h" }); // wrong
new JWTAuthProvider({ secret: "s", requiredClaims: "jti" }); // wrong
new JWTAuthProvider({ secret: "s" }).setSecret(["s"]); // wrong
new JWTAuthProvider({ secret: "s" }).setKeys("s"); // wrong
new JWTAuthProvider({ secret: "s" }).config; // wrong
new JWTAuthProvider({ secret: "s" }).getKeyCount(); // wrong
new JWTAuthProvider({ secret: "s" }).authenticate(); // wrong
const config: AuthConfig = { provider: {} }; // wrong
const oauth: OAuthConfig = {
  resource: "https://mcp.example.com",
  authorizationServers: ["https://a.example"],
};
new OAuthAuthProvider(); // wrong
new OAuthAuthProvider({ resource: "https://mcp.example.com" }); // wrong
new OAuthAuthProvider({ ...oauth, resource: undefined }); // wrong
new OAuthAuthProvider({ ...oauth, authorizationServers: "https://a.example" }); // wrong
new OAuthAuthProvider({ ...oauth, requiredScopes: "mcp" }); // wrong
new OAuthAuthProvider({ ...oauth, validation: { type: "JWT" } }); // wrong
new OAuthAuthProvider({ ...oauth, validation: { audience: /x/ } }); // wrong
new OAuthAuthProvider({ ...oauth, validation: { introspection: { clientId: "a" } } }); // wrong
new OAuthAuthProvider({ ...oauth, validation: { isuer: "x" } }); // wrong: isuer
new OAuthAuthProvider({ ...oauth, resourceMetadataUrl: true }); // wrong
new OAuthAuthProvider(oauth).config; // wrong
const decided: boolean = await new JWTAuthProvider({ secret: "s" }).authenticate(config as never); // wrong
generateApiKey("acme"); // wrong
generateApiKey({ prefx: "acme" }); // wrong
generateApiKey({ prefix: 7 }); // wrong
checkApiKey(7); // wrong
anyOf(); // wrong
anyOf(new JWTAuthProvider({ secret: "s" })); // wrong
anyOf([{}]); // wrong
anyOf([new JWTAuthProvider({ secret: "s" })], { throtle: {} }); // wrong
const isGood: boolean = checkApiKey("k1"); // wrong

export { decided, isGood };
