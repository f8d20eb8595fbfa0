//! How deep a JSON text is nested, told before anything is built from it.

/// Whether `json` is nested deeper than `limit`. Brackets in strings do not count.
pub(crate) fn exceeds(json: &[u8], limit: usize) -> bool {
    // Nearly every message has fewer brackets than the limit: counting them takes one quick pass.
    if json
        .iter()
        .filter(|byte| matches!(byte, b'{' | b'['))
        .count()
        <= limit
    {
        return false;
    }
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for byte in json {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn brackets_count_unless_they_stand_in_a_string() {
        assert!(!exceeds(br#"{"a":["[[[[[["]}"#, 2));
        assert!(exceeds(br#"{"a":[[1]]}"#, 2));
        assert!(!exceeds(br#"{"a":"\"[[["}"#, 1));
        assert!(exceeds(&b"[".repeat(100_000), 16));
    }
}
