//! Values of `iss` that are accepted. RFC 7519 §4.1.1.

use crate::config_error::ConfigError;

const WILDCARD: &str = "*";
/// As Microsoft Entra writes it in the metadata of its endpoints for all tenants.
const TENANT: &str = "{tenantid}";

/// An issuer, or a pattern of the issuers of a multi-tenant identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Exact(Box<str>),
    /// What stands between the slashes of a URL.
    Segments(Box<[Segment]>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Text(Box<str>),
    /// Any segment of letters, digits and hyphens.
    Any,
    /// The same, and equal to the claim `tid`.
    Tenant,
}

impl Issuer {
    /// Reads an issuer. In the path of a URL, a segment `*` stands for any segment of letters, digits and hyphens,
    /// and `{tenantid}` for one that is also the value of the claim `tid`. `path` names the option in messages.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Issuer`] for `*` and braces elsewhere, and for a list in one text.
    pub fn parse(text: &str, path: &str) -> Result<Self, ConfigError> {
        let error = |problem: &str| Err(ConfigError::Issuer { path: path.into(), problem: problem.into() });
        if is_list(text) {
            return error("holds several issuers; pass them as an array of strings");
        }
        if !text.contains(['*', '{', '}']) {
            return Ok(Self(Form::Exact(text.into())));
        }
        let segments: Box<[_]> = text.split('/').enumerate().map(Segment::parse).collect();
        // `https:`, nothing, and the host.
        let is_url = text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('/'));
        let is_misplaced =
            |segment: &Segment| matches!(segment, Segment::Text(text) if text.contains(['*', '{', '}']));
        if !is_url || text.contains(['?', '#']) || segments.iter().any(is_misplaced) {
            return error(
                "has `*` or a brace where neither is allowed; use `*` and `{tenantid}` as whole segments in the path \
                 of a URL, such as https://login.microsoftonline.com/{tenantid}/v2.0",
            );
        }
        Ok(Self(Form::Segments(segments)))
    }

    /// Whether the claim `tid` must be known.
    pub(super) fn needs_tenant(&self) -> bool {
        matches!(&self.0, Form::Segments(segments) if segments.contains(&Segment::Tenant))
    }

    /// Whether this `iss` is accepted in a token with this `tid`.
    pub(super) fn accepts(&self, issuer: &[u8], tenant: Option<&[u8]>) -> bool {
        match &self.0 {
            Form::Exact(text) => text.as_bytes() == issuer,
            Form::Segments(segments) => {
                let mut parts = issuer.split(|byte| *byte == b'/');
                segments.iter().all(|segment| parts.next().is_some_and(|part| segment.accepts(part, tenant)))
                    && parts.next().is_none()
            }
        }
    }
}

impl Segment {
    fn parse((position, text): (usize, &str)) -> Self {
        // `https:`, nothing, and the host stand before the path.
        match text {
            WILDCARD if position > 2 => Self::Any,
            TENANT if position > 2 => Self::Tenant,
            _ => Self::Text(text.into()),
        }
    }

    fn accepts(&self, part: &[u8], tenant: Option<&[u8]>) -> bool {
        let is_name =
            || !part.is_empty() && part.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
        match self {
            Self::Text(text) => text.as_bytes() == part,
            Self::Any => is_name(),
            Self::Tenant => is_name() && tenant == Some(part),
        }
    }
}

/// Whether a text is a list of issuers, as environment variables hold it. No issuer is: a URL has no white space, and
/// a query or fragment, which could hold another URL, is not allowed in one (OpenID Connect Discovery 1.0 §3).
fn is_list(text: &str) -> bool {
    let mut items = text.split([',', ';', ' ', '\t', '\r', '\n']).filter(|item| !item.is_empty());
    let urls = items.clone().filter(|item| item.contains("://")).count();
    items.next().is_some() && items.next().is_some() && (urls > 1 || text.contains(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(pattern: &str, issuer: &str, tenant: Option<&str>) -> bool {
        let pattern = Issuer::parse(pattern, "issuer").unwrap();
        pattern.accepts(issuer.as_bytes(), tenant.map(str::as_bytes))
    }

    const ENTRA: &str = "https://login.example/{tenantid}/v2.0";

    #[test]
    fn an_issuer_without_pattern_is_compared_to_the_byte() {
        assert!(accepts("https://a.example/", "https://a.example/", None));
        for other in ["https://a.example", "https://a.example//", "HTTPS://a.example/", ""] {
            assert!(!accepts("https://a.example/", other, None), "{other}");
        }
        for odd in ["joe", "My Issuer", "urn:x:y", "https://a.example/?x=1,2", "a,b"] {
            assert!(accepts(odd, odd, None), "{odd}");
        }
    }

    #[test]
    fn a_star_is_one_segment_of_letters_digits_and_hyphens() {
        let accepts = |issuer: &str| accepts("https://login.example/*/v2.0", issuer, None);
        for tenant in ["common", "9188040d-6c67-4c5b-b112-36a304b66dad", "-"] {
            assert!(accepts(&format!("https://login.example/{tenant}/v2.0")), "{tenant}");
        }
        for tenant in
            ["", "a/b", "a.b", "..", "*", "a b", "\u{e9}", "%61", "a?", "a#", "a\\b", "a@b", "a:b", "a_b"]
        {
            assert!(!accepts(&format!("https://login.example/{tenant}/v2.0")), "{tenant}");
        }
        for issuer in [
            "https://login.example/v2.0",
            "https://login.example/a/v2.0/",
            "https://login.example/a/v2.0?",
            "https://login.example/a/v1.0",
            "https://evil.example/a/v2.0",
            "https://login.example.evil/a/v2.0",
            "https://evil/login.example/a/v2.0",
            "http://login.example/a/v2.0",
            "login.example/a/v2.0",
        ] {
            assert!(!accepts(issuer), "{issuer}");
        }
    }

    #[test]
    fn a_tenant_is_the_one_of_the_claim() {
        let issuer = "https://login.example/9188040d/v2.0";
        assert!(accepts(ENTRA, issuer, Some("9188040d")));
        for tenant in
            [None, Some(""), Some("9188040D"), Some("9188040"), Some("{tenantid}"), Some("9188040d/")]
        {
            assert!(!accepts(ENTRA, issuer, tenant), "{tenant:?}");
        }
        assert!(!accepts(ENTRA, ENTRA, Some("{tenantid}")));
        assert!(!accepts(ENTRA, "https://login.example/a/b/v2.0", Some("a/b")));
        assert!(accepts("https://a.example/*/{tenantid}", "https://a.example/x/y", Some("y")));
        assert!(Issuer::parse(ENTRA, "").unwrap().needs_tenant());
        assert!(!Issuer::parse("https://login.example/*", "").unwrap().needs_tenant());
    }

    #[test]
    fn rejects_patterns_outside_of_whole_path_segments_and_lists() {
        for text in [
            "*",
            "https://*",
            "https://*.example/",
            "https://*/v2.0",
            "https://{tenantid}/v2.0",
            "*://a.example/",
            "https://a.example/a*/v2.0",
            "https://a.example/**/v2.0",
            "https://a.example/{tenant}/v2.0",
            "https://a.example/{tenantid/v2.0",
            "https://a.example/?x=/*/",
            "https://a.example/#/*",
            "https://a.example/*?x",
            "a/b/c/*",
            "a/b://c/*",
            "urn:*",
        ] {
            let error = Issuer::parse(text, "issuer[1]").unwrap_err();
            assert_eq!(error.code(), "ERR_MCP_AUTH_OPTION_INVALID", "{text}");
            assert!(error.to_string().starts_with("`issuer[1]` has `*` or a brace"), "{text}: {error}");
        }
        for text in [
            "https://a.example,https://b.example",
            "https://a.example, https://b.example/",
            "https://a.example https://b.example",
            "https://a.example;https://b.example",
            " https://a.example\nhttps://b.example",
            "a.example, b.example",
        ] {
            let error = Issuer::parse(text, "issuer").unwrap_err().to_string();
            assert!(error.contains("pass them as an array"), "{text}: {error}");
        }
    }
}
