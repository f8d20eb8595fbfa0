//! What is left out first where there is no room.

/// What follows upon what is wrong, each a sentence.
pub struct Tails {
    /// That nobody has taken it yet: goes last of all.
    pub pressing: Option<String>,
    /// What to do.
    pub advice: Option<String>,
    /// What to use instead, from the fullest to the barest.
    pub instead: Vec<String>,
}

/// A sentence with its end.
pub fn ended(sentence: &str) -> String {
    let ends = sentence.ends_with(['.', '?', '!']);
    format!("{sentence}{}", if ends { "" } else { "." })
}

/// A message from the fullest to the barest. What to do and what to use instead outlive the address,
/// which the source's code stands for; what to use instead outlives what to do.
pub fn shortened(places: &[String], wrong: impl Fn(&str) -> String, tails: &Tails) -> Vec<String> {
    let bare = places.last().map_or("", String::as_str);
    let named = places.iter().rev().nth(1).map_or(bare, String::as_str);
    let said = |place: &str, tail: [Option<&String>; 2]| {
        let tail = tails.pressing.iter().chain(tail.into_iter().flatten());
        tail.fold(wrong(place), |all, sentence| all + " " + sentence)
    };
    let advice = tails.advice.as_ref();
    let briefest = tails.instead.last();
    let mut all = Vec::new();
    for place in places {
        if tails.instead.is_empty() {
            all.push(said(place, [advice, None]));
        }
        for instead in &tails.instead {
            all.push(said(place, [advice, Some(instead)]));
        }
    }
    all.push(said(named, [None, briefest]));
    all.push(said(bare, [None, briefest]));
    all.push(said(named, [None, None]));
    all.push(said(bare, [None, None]));
    all.push(wrong(bare));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(places: &[&str], tails: &Tails) -> Vec<String> {
        let places: Vec<_> = places.iter().map(|place| (*place).to_owned()).collect();
        shortened(&places, |place| format!("dry{place}."), tails)
    }

    #[test]
    fn the_address_goes_before_what_to_do_and_that_before_what_to_use() {
        let tails = Tails {
            pressing: None,
            advice: Some("Look.".into()),
            instead: vec!["Use B, as the crow flies.".into(), "Use B.".into()],
        };
        assert_eq!(
            all(&[" (street, ward)", " (street)", ""], &tails),
            [
                "dry (street, ward). Look. Use B, as the crow flies.",
                "dry (street, ward). Look. Use B.",
                "dry (street). Look. Use B, as the crow flies.",
                "dry (street). Look. Use B.",
                "dry. Look. Use B, as the crow flies.",
                "dry. Look. Use B.",
                "dry (street). Use B.",
                "dry. Use B.",
                "dry (street).",
                "dry.",
                "dry.",
            ]
        );
    }

    #[test]
    fn that_nobody_took_it_is_said_to_the_last() {
        let tails = Tails {
            pressing: Some("Nobody took it.".into()),
            advice: None,
            instead: Vec::new(),
        };
        let all = all(&[""], &tails);
        assert!(
            all.iter()
                .rev()
                .skip(1)
                .all(|said| said == "dry. Nobody took it.")
        );
        assert_eq!(all.last().unwrap(), "dry.");
    }

    #[test]
    fn a_question_ends_itself() {
        assert_eq!(ended("Is there a fire?"), "Is there a fire?");
        assert_eq!(ended("Look at it"), "Look at it.");
    }
}
