//! What construction throws.

use crate::config_error::ConfigError;

/// An exception with the `code` and the message of the core's error.
pub(super) type Error = napi::Error<String>;

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::new(error.code().into(), error.to_string())
    }
}

/// A mistake of the facade or of the runtime, not of the user.
pub(super) fn internal(reason: impl std::fmt::Display) -> Error {
    Error::new(
        "ERR_MCP_AUTH_INTERNAL".into(),
        format!("mcp-native-auth: {reason}; this is a bug, please report it"),
    )
}
