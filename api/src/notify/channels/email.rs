//! Mail by SMTP (RFC 5321), encrypted (RFC 3207, RFC 8314) unless the server is this machine.
//!
//! A mail has a plain and an HTML part, says that a program wrote it (`Auto-Submitted`, RFC 3834), and
//! has a `Message-ID` made of the message's key, by which a copy is known.

use std::time::Duration;

use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message as Mail, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::{Answer, ChannelError, Escape, Outgoing, html, needed};
use crate::notify::settings::{ChannelSettings, Hidden};

/// A mail server.
pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Option<String>,
}

/// A header of one line.
#[derive(Clone, Debug)]
struct Line<const N: usize>(String);

const AUTO_SUBMITTED: usize = 0;
const LIST_ID: usize = 1;
const PRECEDENCE: usize = 2;
const KEY: usize = 3;

impl<const N: usize> Header for Line<N> {
    fn name() -> HeaderName {
        match N {
            AUTO_SUBMITTED => HeaderName::new_from_ascii_str("Auto-Submitted"),
            LIST_ID => HeaderName::new_from_ascii_str("List-Id"),
            PRECEDENCE => HeaderName::new_from_ascii_str("Importance"),
            _ => HeaderName::new_from_ascii_str("Firemain-Id"),
        }
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), Escape::Header.apply(&self.0))
    }
}

impl Email {
    pub(super) fn new(settings: &ChannelSettings) -> Result<Self, ChannelError> {
        let wrong = |text: String| ChannelError(text);
        let url = needed("url", settings.url.as_deref())?;
        let form =
            || wrong("`url` must be smtp://host:587 (STARTTLS) or smtps://host:465".to_owned());
        let parsed = reqwest::Url::parse(url).map_err(|_| form())?;
        let host = parsed.host_str().ok_or_else(form)?.trim_matches(['[', ']']);
        let wrapped = match parsed.scheme() {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(form()),
        };
        let from = needed("from", settings.from.as_deref())?
            .parse::<Mailbox>()
            .map_err(|error| wrong(format!("`from` is no mail address: {error}")))?;
        let local = host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback());
        let tls = if local && !wrapped && settings.ca_file.is_none() {
            Tls::None
        } else {
            let parameters = parameters(host, settings)?;
            if wrapped {
                Tls::Wrapper(parameters)
            } else {
                Tls::Required(parameters)
            }
        };
        let port = parsed.port().unwrap_or(if wrapped { 465 } else { 587 });
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .tls(tls)
            .timeout(Some(Duration::from_secs(u64::from(settings.timeout_s))));
        if let Some(username) = &settings.username {
            let password = settings.secret.as_ref().map_or("", Hidden::reveal);
            builder = builder.credentials(Credentials::new(username.clone(), password.to_owned()));
        }
        if let Some(to) = &settings.to {
            to.parse::<Address>()
                .map_err(|error| wrong(format!("`to` is no mail address: {error}")))?;
        }
        Ok(Self {
            transport: builder.build(),
            from,
            to: settings.to.clone(),
        })
    }

    pub(super) fn to(&self) -> Option<&str> {
        self.to.as_deref()
    }

    pub(super) async fn deliver(&self, out: &Outgoing<'_>) -> Answer {
        let mail = match self.mail(out) {
            Ok(mail) => mail,
            Err(why) => return Answer::Refused(why),
        };
        match self.transport.send(mail).await {
            Ok(response) => {
                let said: Vec<&str> = response.message().collect();
                Answer::Accepted(format!("{} {}", response.code(), said.join(" ")))
            }
            // A 5xx about who we are is a matter of settings and may be put right: 530, 534, 535, 538.
            Err(error) if error.is_permanent() && !is_about_us(&error) => {
                Answer::Refused(error.to_string())
            }
            Err(error) => {
                let mut why = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(inner) = source {
                    why = format!("{why}: {inner}");
                    source = inner.source();
                }
                Answer::failed(why.chars().take(300).collect::<String>())
            }
        }
    }

    #[expect(clippy::format_collect, reason = "a few bytes, seldom")]
    fn mail(&self, out: &Outgoing<'_>) -> Result<Mail, String> {
        let what = &out.delivery.what;
        let address = what
            .address
            .parse::<Address>()
            .map_err(|error| format!("{} is no mail address: {error}", what.address))?;
        let domain = self.from.email.domain();
        let id: String = Sha256::digest(what.key.as_bytes())
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let (label, closing) = match out.message.language {
            firemain_domain::telling::Language::Vi => (
                "Nhận việc",
                "Tin tự động của firemain. Xin đừng trả lời thư này.",
            ),
            firemain_domain::telling::Language::En => {
                ("Take it", "Sent by firemain itself. Please do not reply.")
            }
        };
        let mut plain = out.message.text.clone();
        let mut rich = format!(
            "<!doctype html><html lang=\"{}\"><body><p>{}</p>",
            out.message.language.name(),
            html(&out.message.text).replace('\n', "<br>")
        );
        if let Some(link) = out.link {
            plain += &format!("\n\n{label}: {link}");
            rich += &format!("<p><a href=\"{}\">{label}</a></p>", html(link));
        }
        plain += &format!("\n\n-- \n{closing}\n");
        rich += &format!("<p><small>{closing}</small></p></body></html>");
        let importance = if out.message.severity == firemain_domain::judging::Severity::Critical {
            "high"
        } else {
            "normal"
        };
        Mail::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(Escape::Header.apply(&out.message.title))
            .message_id(Some(format!("<{id}@{domain}>")))
            .header(Line::<AUTO_SUBMITTED>("auto-generated".into()))
            .header(Line::<LIST_ID>(format!(
                "firemain <alerts.firemain.{domain}>"
            )))
            .header(Line::<PRECEDENCE>(importance.into()))
            .header(Line::<KEY>(id.clone()))
            .multipart(
                MultiPart::alternative()
                    .singlepart(part(ContentType::TEXT_PLAIN, plain))
                    .singlepart(part(ContentType::TEXT_HTML, rich)),
            )
            .map_err(|error| error.to_string())
    }
}

fn part(kind: ContentType, body: String) -> SinglePart {
    SinglePart::builder().header(kind).body(body)
}

fn is_about_us(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    matches!(code, Some(530 | 534 | 535 | 538))
}

fn parameters(host: &str, settings: &ChannelSettings) -> Result<TlsParameters, ChannelError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.ca_file {
        let unusable = |why: String| ChannelError(format!("`ca_file` {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let certificate =
            Certificate::from_pem(&pem).map_err(|error| unusable(error.to_string()))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    builder
        .build()
        .map_err(|error| ChannelError(format!("TLS cannot be set up: {error}")))
}
