//! The meaning of well-known replies of large mail providers, and the advice about them.

use super::ServerReply;

/// Enhanced status code (empty: any), a fragment of the text in lower case, what to do. The first row that
/// matches is used. The fragments are quoted from the providers, which may change them: then there is no
/// hint, and nothing else changes.
const TABLE: &[(&str, &str, &str)] = &[
    // Google
    (
        "5.7.9",
        "application-specific password",
        "Google accepts an app password (made in the account's security settings) or an OAuth token \
         here, not the account's own password.",
    ),
    (
        "5.7.8",
        "badcredentials",
        "Google accepts an app password or an OAuth token here; it rejects the account's own \
         password even when it is right.",
    ),
    (
        "5.7.9",
        "log in with your web browser",
        "Google requires an app password or an OAuth token here, or that the owner logs in with a \
         web browser once.",
    ),
    (
        "5.7.14",
        "log in via your web browser",
        "Google requires that the owner logs in with a web browser once, and allows this access.",
    ),
    (
        "4.7.0",
        "too many login attempts",
        "The provider has locked logins for a while: wait before trying again.",
    ),
    // Microsoft
    (
        "5.7.139",
        "smtpclientauthentication is disabled",
        "SMTP AUTH is switched off for this mailbox or organisation in Exchange Online: its \
         administrator can allow it.",
    ),
    (
        "5.7.139",
        "basic authentication is disabled",
        "This Microsoft account accepts no password over SMTP: use an OAuth token.",
    ),
    (
        "5.7.30",
        "basic authentication is not supported",
        "Exchange Online no longer accepts a password over SMTP: use an OAuth token.",
    ),
    (
        "5.7.139",
        "security defaults",
        "The organisation's security defaults at Microsoft block this kind of login: its \
         administrator can allow it, or use an OAuth token.",
    ),
    (
        "5.7.139",
        "did not meet the criteria",
        "A policy of the organisation at Microsoft (conditional access, for instance) blocks this \
         login: ask its administrator.",
    ),
    (
        "5.7.3",
        "authentication unsuccessful",
        "Exchange rejects this login: the password may be wrong, SMTP AUTH may be switched off for the \
         mailbox, or no password may be accepted at all.",
    ),
    (
        "5.7.57",
        "not authenticated to send",
        "Exchange Online requires a login before it accepts mail: give a user and an OAuth token.",
    ),
    (
        "",
        "sendasdenied",
        "The mailbox that logged in may not send under this sender's address: use its own address, \
         or have the permission (Send As) given.",
    ),
    // Yahoo and AOL
    (
        "",
        "#auth005",
        "Yahoo and AOL accept an app password here, not the account's own; after wrong ones they \
         lock logins for a while.",
    ),
    // OAuth of any provider
    (
        "",
        "token expired",
        "The access token is too old: get a new one and try again.",
    ),
    (
        "",
        "expired token",
        "The access token is too old: get a new one and try again.",
    ),
    (
        "",
        "token has expired",
        "The access token is too old: get a new one and try again.",
    ),
    (
        "",
        "accesstokenexpired",
        "The access token is too old: get a new one and try again.",
    ),
    (
        "",
        "application password",
        "The provider accepts an app password here, made in the account's security settings.",
    ),
    (
        "",
        "app password",
        "The provider accepts an app password here, made in the account's security settings.",
    ),
];

/// A sentence about a reply that is known, for the end of the error's text.
pub(super) fn hint(reply: &ServerReply) -> Option<&'static str> {
    if reply.code < 400 {
        return None;
    }
    let enhanced = reply.enhanced.as_deref().unwrap_or_default();
    // The lines of a reply are wrapped anywhere, each with the code before it.
    let text = reply.text.to_ascii_lowercase();
    let words: Vec<_> = text
        .split_whitespace()
        .filter(|word| *word != enhanced)
        .collect();
    let text = words.join(" ");
    let fits =
        |row: &&(&str, &str, &str)| (row.0.is_empty() || row.0 == enhanced) && text.contains(row.1);
    TABLE.iter().find(fits).map(|row| row.2)
}

#[cfg(test)]
mod tests {
    use super::super::Enhanced;
    use super::*;

    fn of(code: u16, enhanced: &str, text: &str) -> Option<&'static str> {
        hint(&ServerReply {
            code,
            enhanced: Enhanced::at_head(enhanced.as_bytes(), code),
            text: text.to_owned(),
        })
    }

    #[test]
    fn known_refusals_have_a_hint_and_others_none() {
        for (code, enhanced, text, word) in [
            (
                534,
                "5.7.9",
                "5.7.9 Application-specific password required. For more information, go to\n\
                 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor",
                "app password",
            ),
            (
                535,
                "5.7.8",
                "5.7.8 Username and Password not accepted. For more information, go to\n5.7.8  \
                 https://support.google.com/mail/?p=BadCredentials",
                "Google",
            ),
            (
                535,
                "5.7.139",
                "5.7.139 Authentication unsuccessful, SmtpClientAuthentication\n5.7.139 is \
                 disabled for the Tenant.",
                "administrator",
            ),
            (
                535,
                "5.7.139",
                "5.7.139 Authentication unsuccessful, basic authentication is disabled.",
                "OAuth",
            ),
            (
                534,
                "5.7.9",
                "5.7.9 Please log in with your web browser and then try again. Learn more at\n\
                 5.7.9  https://support.google.com/mail/?p=WebLoginRequired",
                "app password",
            ),
            (
                534,
                "5.7.14",
                "5.7.14 <https://accounts.google.com/signin/continue?x> Please\n5.7.14 log in via \
                 your web browser and\n5.7.14 then try again.",
                "web browser",
            ),
            (
                454,
                "4.7.0",
                "4.7.0 Too many login attempts, please try again later. - gsmtp",
                "wait",
            ),
            (
                535,
                "5.7.139",
                "5.7.139 Authentication unsuccessful, user is locked by your organization's \
                 security defaults policy. Contact your administrator.",
                "security defaults",
            ),
            (
                535,
                "5.7.139",
                "5.7.139 Authentication unsuccessful, the request did not meet the criteria to be \
                 authenticated successfully.",
                "administrator",
            ),
            (
                550,
                "5.7.30",
                "5.7.30 Basic authentication is not supported for Client Submission.",
                "OAuth",
            ),
            (
                535,
                "5.7.3",
                "5.7.3 Authentication unsuccessful",
                "switched off",
            ),
            (
                535,
                "5.7.0",
                "5.7.0 (#AUTH005) Too many bad auth attempts.",
                "app password",
            ),
            (535, "5.7.8", "Token expired", "too old"),
        ] {
            let hint = of(code, enhanced, text).unwrap_or_default();
            assert!(hint.contains(word), "{text}: {hint}");
        }
        assert_eq!(of(535, "5.7.8", "5.7.8 authentication failed"), None);
        assert_eq!(of(550, "5.7.139", "unheard of"), None);
        assert_eq!(of(250, "", "token expired"), None);
    }

    #[test]
    fn the_table_is_well_formed() {
        for (enhanced, fragment, sentence) in TABLE {
            assert_eq!(*fragment, fragment.to_ascii_lowercase());
            assert!(fragment.len() > 5 && sentence.ends_with('.') && sentence.len() < 200);
            assert!(enhanced.is_empty() || enhanced.split('.').count() == 3);
        }
    }
}
