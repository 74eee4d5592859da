//! 7z.

use std::io::{self, Read};

use super::{Archive, Places, Take, damaged};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct SevenZ;

const NAME: &str = "7z archive";

/// Memory that dictionaries and models may take, in KiB: 192 MiB, what `7z -mx=9` needs with its dictionary of 64 MiB and
/// room for one twice as large.
const MEMORY: usize = 192 << 10;

impl Archive for SevenZ {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The signature of 7zFormat.txt.
    fn starts(&self, head: &[u8]) -> bool {
        head.starts_with(b"7z\xbc\xaf\x27\x1c")
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let places = Places::new(input.into_random()?);
        let no_password = sevenz_rust2::Password::empty();
        let mut archive =
            sevenz_rust2::ArchiveReader::new_with_memory_limit(places, no_password, MEMORY).map_err(|e| why(&e))?;
        let mut failed = None;
        let done = archive.for_each_entries(|entry, data| {
            if entry.is_directory() {
                return Ok(true);
            }
            let data: &mut dyn Read = data;
            match take(entry.name().as_bytes(), Ok(data)) {
                Ok(flow) => Ok(flow.is_continue()),
                Err(error) => {
                    failed = Some(error);
                    Ok(false)
                }
            }
        });
        match (failed, done) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(why(&error)),
            (None, Ok(())) => Ok(0),
        }
    }
}

fn why(error: &sevenz_rust2::Error) -> ReadError {
    use sevenz_rust2::Error;
    match error {
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            ReadError("it is encrypted with a password: unpack it and audit what is inside".into())
        }
        Error::MaxMemLimited { .. } => ReadError(format!(
            "it needs more than {} MiB of memory to unpack: unpack it with `7z x` and audit what is inside",
            MEMORY >> 10
        )),
        Error::UnsupportedCompressionMethod(_) | Error::UnsupportedVersion { .. } => {
            ReadError(
                "it is encrypted with a password, or compressed in a way that is not read here: unpack it and audit what is \
                 inside"
                    .into(),
            )
        }
        Error::Io(e, _) => damaged(NAME, e),
        _ => damaged(NAME, &io::ErrorKind::InvalidData.into()),
    }
}
