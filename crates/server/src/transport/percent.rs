//! Percent-encoding, read strictly: lossy reading would make two addresses one.

/// The text that a percent-encoded one stands for; none when an escape is cut off, is not UTF-8, or hides a control
/// character.
pub(super) fn decode(text: &str) -> Option<String> {
    // Nearly every part of an address is as plain as this.
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return Some(text.to_owned());
    }
    decode_lines(text).filter(|text| !text.chars().any(char::is_control))
}

/// The same for a field of a form, where lines and tabs may stand but no other control character.
pub(super) fn decode_lines(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(if byte == b'%' { digit(rest.next()?)? * 16 + digit(rest.next()?)? } else { byte });
    }
    let odd = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t');
    String::from_utf8(bytes).ok().filter(|text| !text.chars().any(odd))
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{decode, decode_lines};

    #[test]
    fn reads_what_is_one_text_for_everybody() {
        assert_eq!(decode("a%2Fb%c4%81").as_deref(), Some("a/bā"));
        for bad in ["%", "%2", "%zz", "%ff", "%c0%af", "%00", "a%0d%0ab", "%+1"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert_eq!(decode_lines("a%0D%0Ab").as_deref(), Some("a\r\nb"));
        assert_eq!(decode_lines("a%00b"), None);
    }
}
