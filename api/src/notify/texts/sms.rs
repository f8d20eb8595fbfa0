//! What fits into one SMS: 160 units of the alphabet of GSM 03.38 (3GPP TS 23.038, 6.2.1), where some
//! characters count two. Vietnamese letters are not in it: they lose their marks.

/// Units of one SMS.
pub const MOST_SMS_UNITS: usize = 160;

const PLAIN: [(&str, char); 14] = [
    ("àáảãạăằắẳẵặâầấẩẫậ", 'a'),
    ("ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬ", 'A'),
    ("èéẻẽẹêềếểễệ", 'e'),
    ("ÈÉẺẼẸÊỀẾỂỄỆ", 'E'),
    ("ìíỉĩị", 'i'),
    ("ÌÍỈĨỊ", 'I'),
    ("òóỏõọôồốổỗộơờớởỡợ", 'o'),
    ("ÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢ", 'O'),
    ("ùúủũụưừứửữự", 'u'),
    ("ÙÚỦŨỤƯỪỨỬỮỰ", 'U'),
    ("ỳýỷỹỵ", 'y'),
    ("ỲÝỶỸỴ", 'Y'),
    ("đ", 'd'),
    ("Đ", 'D'),
];

/// Text in letters that every phone and every charge knows: printable ASCII.
pub fn plain(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => all.push(c),
            // Marks that stand by themselves belong to the letter before.
            '\u{300}'..='\u{36f}' => {}
            '²' => all.push('2'),
            '³' => all.push('3'),
            '°' => all.push_str(" do"),
            '–' | '—' | '−' => all.push('-'),
            '‘' | '’' => all.push('\''),
            '“' | '”' => all.push('"'),
            '…' => all.push_str("..."),
            '≥' => all.push_str(">="),
            c if c.is_whitespace() || c.is_control() => all.push(' '),
            c => {
                let letter = PLAIN.iter().find(|(marked, _)| marked.contains(c));
                all.push(letter.map_or('?', |(_, letter)| *letter));
            }
        }
    }
    // The backtick is not in the alphabet at all.
    all.replace('`', "'")
}

/// How many units a plain text takes.
pub fn gsm_units(text: &str) -> usize {
    let double = |c: char| matches!(c, '[' | ']' | '{' | '}' | '\\' | '^' | '~' | '|');
    text.chars().map(|c| if double(c) { 2 } else { 1 }).sum()
}

/// The first of `candidates`, from the fullest to the barest, that fits into one SMS; if none does, the
/// last cut at a space, so never within a number or a code.
pub fn short(candidates: impl Iterator<Item = String>) -> String {
    let mut last = String::new();
    for candidate in candidates {
        last = plain(&candidate);
        if gsm_units(&last) <= MOST_SMS_UNITS {
            return last;
        }
    }
    cut(&last)
}

fn cut(text: &str) -> String {
    const MARK: &str = "...";
    let mut kept = String::new();
    for word in text.split(' ') {
        let space = usize::from(!kept.is_empty());
        if gsm_units(&kept) + space + gsm_units(word) + MARK.len() > MOST_SMS_UNITS {
            break;
        }
        if space == 1 {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    if kept.is_empty() {
        // One word longer than a message is no number of ours.
        kept = text
            .chars()
            .take((MOST_SMS_UNITS - MARK.len()) / 2)
            .collect();
    }
    kept + MARK
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vietnamese_loses_its_marks_and_nothing_else() {
        assert_eq!(
            plain("Trụ TR-0412 (12 Hàng Bạc, P.Hoàn Kiếm) MẤT ÁP 0,3 bar, đề nghị 46 m³"),
            "Tru TR-0412 (12 Hang Bac, P.Hoan Kiem) MAT AP 0,3 bar, de nghi 46 m3"
        );
        assert_eq!(plain("e\u{302}\u{301}"), "e");
        assert_eq!(plain("a\nb\tc"), "a b c");
    }

    #[test]
    fn brackets_count_two() {
        assert_eq!(gsm_units("[KHAN] a"), 10);
    }

    #[test]
    fn a_cut_is_never_within_a_number() {
        let long = format!("{} 1234567,89 bar", "tu ".repeat(50).trim());
        let cut = short([long].into_iter());
        assert!(gsm_units(&cut) <= MOST_SMS_UNITS);
        assert!(cut.ends_with("..."));
        assert!(!cut.contains("123") || cut.contains("1234567,89"), "{cut}");
    }

    proptest! {
        #[test]
        fn whatever_people_enter_fits_and_is_plain(text in "\\PC{0,400}") {
            let sms = short([text].into_iter());
            prop_assert!(gsm_units(&sms) <= MOST_SMS_UNITS);
            prop_assert!(sms.chars().all(|c| (' '..='~').contains(&c)));
        }
    }
}
