//! What a picture is, by its first bytes: what the sender says of it is not believed.

/// Its media type; `None`: it is none of those that are kept.
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => Some("image/png"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        assert_eq!(media_type(b"\xFF\xD8\xFF\xE0rest"), Some("image/jpeg"));
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\nrest"), Some("image/png"));
        assert_eq!(
            media_type(b"RIFF\x01\x02\x03\x04WEBPVP8 "),
            Some("image/webp")
        );
        for other in [
            &b"GIF89a"[..],
            b"<svg/>",
            b"RIFF\0\0\0\0WAVE",
            b"\xFF\xD8",
            b"",
        ] {
            assert_eq!(media_type(other), None, "{other:?}");
        }
    }
}
