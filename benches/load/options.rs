//! What was asked for.

/// How it is called.
pub(crate) const USAGE: &str =
    "cargo bench --bench load -- [--sources N] [--interval S] [--seconds S] [--apart]

  --sources N    sources, each with a device of its own (100000; 1000 to 2000000)
  --interval S   seconds between two reports of a device (60; 10 to 3600)
  --seconds S    how long the load is measured after its first round (60; 10 to 3600)
  --apart        receiving and judging in two processes, to see the memory of each";

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) sources: u32,
    pub(crate) interval_s: u64,
    pub(crate) seconds: u64,
    pub(crate) apart: bool,
}

impl Options {
    /// Reads the command line; cargo adds `--bench`.
    pub(crate) fn read(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            sources: 100_000,
            interval_s: 60,
            seconds: 60,
            apart: false,
        };
        let mut arguments = arguments.filter(|a| a != "--bench");
        while let Some(name) = arguments.next() {
            let mut number = |from: u64, to: u64| {
                let text = arguments.next().unwrap_or_default();
                let number = text.replace('_', "").parse::<u64>();
                match number {
                    Ok(number) if (from..=to).contains(&number) => Ok(number),
                    _ => Err(format!(
                        "{name} wants a number from {from} to {to}, not {text:?}"
                    )),
                }
            };
            match name.as_str() {
                "--sources" => options.sources = number(1_000, 2_000_000)? as u32,
                "--interval" => options.interval_s = number(10, 3_600)?,
                "--seconds" => options.seconds = number(10, 3_600)?,
                "--apart" => options.apart = true,
                _ => return Err(format!("nobody here knows {name}")),
            }
        }
        Ok(options)
    }

    /// Messages a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.sources) / self.interval_s as f64
    }
}
