//! The fields of a composed message, in order.

use super::draft::{Date, Draft, Priority};
use super::header_writer::HeaderWriter;
use crate::message::mailbox::Entry;
use crate::support::date;

/// Room for what a field has besides its text (its name or an address), and for the fields that each
/// message has.
const FIELD: usize = 1024;
const FIELDS: usize = 4096;

/// More than the header takes, so that it does not grow while it is written: an encoded text has less
/// than three times its bytes.
pub(super) fn room_of_fields(draft: &Draft) -> usize {
    let lists = [
        &draft.from,
        &draft.sender,
        &draft.reply_to,
        &draft.to,
        &draft.cc,
    ];
    let entries = lists.into_iter().flatten().map(|entry| match entry {
        Entry::Mailbox(mailbox) => mailbox.name.len(),
        Entry::Group { name, members } => members
            .iter()
            .map(|member| member.name.len().saturating_add(FIELD))
            .fold(name.len(), usize::saturating_add),
    });
    let subject = draft.subject.iter().map(|subject| subject.len());
    let custom = draft.custom.iter().map(|field| field.len());
    let ids = draft.in_reply_to.iter().chain(&draft.references);
    let ids = ids.chain(&draft.unsubscribe).map(String::len);
    let texts = entries.chain(subject).chain(ids);
    texts.fold(custom.fold(FIELDS, usize::saturating_add), |room, text| {
        room.saturating_add(text.saturating_mul(3))
            .saturating_add(FIELD)
    })
}

/// Writes all fields but those of the content.
pub(super) fn write_fields(draft: &Draft, message_id: &str, header: &mut HeaderWriter) {
    let date = draft.date.unwrap_or_else(|| Date {
        seconds: date::now(),
        offset: 0,
    });
    header.tokens("Date", &date::rfc5322(date.seconds, date.offset));
    header.addresses("From", &draft.from);
    for (name, list) in [
        ("Sender", &draft.sender),
        ("Reply-To", &draft.reply_to),
        ("To", &draft.to),
        ("Cc", &draft.cc),
    ] {
        if !list.is_empty() {
            header.addresses(name, list);
        }
    }
    if draft.to.is_empty() && draft.cc.is_empty() {
        let name = "undisclosed-recipients".to_owned();
        let empty = Entry::Group {
            name,
            members: Vec::new(),
        };
        header.addresses("To", &[empty]);
    }
    if let Some(subject) = &draft.subject {
        header.subject(subject);
    }
    header.tokens("Message-ID", message_id);
    for (name, ids) in [
        ("In-Reply-To", &draft.in_reply_to),
        ("References", &draft.references),
    ] {
        if !ids.is_empty() {
            header.tokens(name, &bracketed(ids, " "));
        }
    }
    match draft.priority {
        Some(Priority::High) => {
            header.tokens("X-Priority", "1 (Highest)");
            header.tokens("Importance", "high");
        }
        Some(Priority::Low) => {
            header.tokens("X-Priority", "5 (Lowest)");
            header.tokens("Importance", "low");
        }
        Some(Priority::Normal) | None => {}
    }
    if !draft.unsubscribe.is_empty() {
        header.tokens("List-Unsubscribe", &bracketed(&draft.unsubscribe, ", "));
        if draft.one_click {
            header.tokens("List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
        }
    }
    for field in &draft.custom {
        header.append(field);
    }
    header.tokens("MIME-Version", "1.0");
}

fn bracketed(ids: &[String], between: &str) -> String {
    let ids: Vec<String> = ids.iter().map(|id| format!("<{id}>")).collect();
    ids.join(between)
}
