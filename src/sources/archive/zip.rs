//! zip, and what is one by another name: jar, apk, office documents.

use std::io::Read;

use super::{Archive, Places, Take, damaged};
use crate::sources::ReadError;
use crate::sources::input::Input;

pub(super) struct Zip;

const NAME: &str = "zip archive";

impl Archive for Zip {
    fn name(&self) -> &'static str {
        NAME
    }

    /// A local header, the end of an empty archive, or the mark of a spanned one (APPNOTE 4.3.7, 4.3.16, 8.5.4).
    fn starts(&self, head: &[u8]) -> bool {
        [b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"].iter().any(|magic| head.starts_with(*magic))
    }

    fn members(&self, input: Input, take: &mut Take<'_>) -> Result<u64, ReadError> {
        let random = input.into_random()?;
        let size = random.size();
        let mut archive = ::zip::ZipArchive::new(Places::new(random)).map_err(|e| damaged(NAME, &e.into()))?;
        let mut stored = 0;
        for index in 0..archive.len() {
            let (name, is_file, encrypted) = match archive.by_index_raw(index) {
                Ok(member) => {
                    stored += member.compressed_size();
                    (member.name_raw().to_vec(), member.is_file(), member.encrypted())
                }
                Err(_) => (format!("member {}", index + 1).into_bytes(), true, false),
            };
            if !is_file {
                continue;
            }
            let flow = if encrypted {
                let why = "it is encrypted with a password: unpack it and audit what is inside";
                take(&name, Err(ReadError(why.into())))?
            } else {
                match archive.by_index(index) {
                    Ok(mut member) => {
                        let data: &mut dyn Read = &mut member;
                        take(&name, Ok(data))?
                    }
                    Err(::zip::result::ZipError::UnsupportedArchive(_)) => {
                        let why = "it is compressed in a way that is not read here: unpack it and audit what is inside";
                        take(&name, Err(ReadError(why.into())))?
                    }
                    Err(e) => take(&name, Err(damaged(NAME, &e.into())))?,
                }
            };
            if flow.is_break() {
                break;
            }
        }
        Ok(size.saturating_sub(stored))
    }
}
