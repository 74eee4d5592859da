//! Whom to ask about exposures: flags that several commands share.

use std::path::PathBuf;

use clap::Args;

/// Flags about breach sources.
#[derive(Args, Debug)]
pub struct BreachArgs {
    /// Which breach sources to ask, in this order, several with commas between them: `embedded` (the list built in),
    /// `corpus:FILE`, `hibp` (the Pwned Passwords range protocol: five hex digits of a hash leave the machine per question),
    /// `enzoic` and `xposedornot` (ten digits, nearly a name), `auto` (a local corpus if there is one, else `hibp` if that
    /// is reasonable), `none`.
    #[arg(
        long,
        value_name = "SOURCE",
        value_delimiter = ',',
        default_value = "embedded",
        help_heading = "Breach source"
    )]
    pub breach: Vec<String>,
    /// Address of the range server [default: `https://api.pwnedpasswords.com`].
    #[arg(long, value_name = "URL", help_heading = "Breach source")]
    pub breach_url: Option<String>,
    /// Trust the certificate authorities in this PEM file when asking a server.
    #[arg(long, value_name = "FILE", help_heading = "Breach source")]
    pub breach_ca: Option<PathBuf>,
    /// Do not ask for padded answers, which hide from an onlooker which range was asked.
    #[arg(long, help_heading = "Breach source")]
    pub no_padding: bool,
    /// Keep ranges that were asked for in FILE, or `none`, and do not ask for them again within 31 days [default: a file in
    /// your cache folder].
    #[arg(long, value_name = "FILE", help_heading = "Breach source")]
    pub breach_cache: Option<PathBuf>,
    /// Ask servers no more than this: a number of questions, bytes (`2GB`) or minutes (`30min`) [default: no limit, for
    /// `auto` 100000 questions or none at all].
    #[arg(long, value_name = "LIMIT", help_heading = "Breach source")]
    pub breach_budget: Option<String>,
    /// Address of Enzoic's interface.
    #[arg(long, value_name = "URL", hide = true, help_heading = "Breach source")]
    pub enzoic_url: Option<String>,
    /// Address of the interface of `XposedOrNot`.
    #[arg(long, value_name = "URL", hide = true, help_heading = "Breach source")]
    pub xposedornot_url: Option<String>,
}
