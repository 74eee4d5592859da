//! What `credaudit corpus` was asked, checked once.

use crate::breach::corpus::{Recipe, Variant};
use crate::cli::{CorpusBuildArgs, KindArg, VariantArg};
use crate::error::Error;
use crate::model::DigestKind;

/// What to build, and how.
#[derive(Clone, Debug)]
pub struct CorpusBuildSettings {
    /// Of what, and where to.
    pub recipe: Recipe,
    /// Threads; at least one.
    pub threads: usize,
    /// Whether standard error stays silent unless there is trouble.
    pub quiet: bool,
}

/// Checks what was typed after `corpus build`.
pub fn corpus_build(args: CorpusBuildArgs) -> Result<CorpusBuildSettings, Error> {
    if args.passwords && args.unsorted {
        return Err(Error::usage(
            "--unsorted means nothing with --passwords",
            "passwords are sorted anyway: leave it out",
        ));
    }
    Ok(CorpusBuildSettings {
        recipe: Recipe {
            inputs: args.inputs,
            output: args.output,
            variant: match args.variant {
                VariantArg::Compact => Variant::Compact,
                VariantArg::Full => Variant::Full,
                VariantArg::Filter8 => Variant::Filter8,
                VariantArg::Filter16 => Variant::Filter16,
            },
            kind: args.kind.map(kind),
            passwords: args.passwords,
            unsorted: args.unsorted,
            memory: super::memory(&args.memory)?,
            temp_dir: super::folder(args.temp_dir)?,
            source: args.source,
            date: None,
            expected: args.expect.map(|typed| super::count("--expect", &typed, 1, 1 << 40)).transpose()?,
        },
        threads: super::threads(args.threads.as_deref())?,
        quiet: args.quiet,
    })
}

pub(super) const fn kind(typed: KindArg) -> DigestKind {
    match typed {
        KindArg::Sha1 => DigestKind::Sha1,
        KindArg::Ntlm => DigestKind::Ntlm,
    }
}
