//! The breach sources of one audit, made before anything is read: what cannot work should fail before hours of reading.

use std::path::Path;
use std::sync::Arc;

use crate::breach::{
    self, Budget, Enzoic, Hibp, HibpOptions, LookupOptions, RangeStore, Source, Spending, StoreError, XposedOrNot,
};
use crate::error::Error;
use crate::model::DigestKind;
use crate::settings::{BreachCache, BreachChoice, BreachSettings};

/// Breach sources in the order in which they are asked.
pub struct Sources {
    /// Those that are asked; the built-in list is none of them.
    list: Vec<Box<dyn Source>>,
    /// The one of `list` that speaks the range protocol, where there is one.
    ranges: Option<Arc<Hibp>>,
    ranges_at: usize,
    /// Whether a server is asked only what the local corpora cannot tell, and only if that is reasonable.
    auto: bool,
    spending: Arc<Spending>,
    /// What to tell the user.
    notes: Vec<String>,
    /// What limits were named.
    budget: Option<Budget>,
}

impl Sources {
    /// Prepares what `settings` names; nothing is sent. Fails where a source cannot be asked at all.
    pub fn open(settings: &BreachSettings) -> Result<Self, Error> {
        let mut sources = Self {
            list: Vec::new(),
            ranges: None,
            ranges_at: 0,
            auto: false,
            spending: Arc::new(Spending::new(settings.budget.unwrap_or_default())),
            notes: Vec::new(),
            budget: settings.budget,
        };
        // What is at hand is asked first, whatever the order: what it settles need not leave the machine.
        for choice in &settings.sources {
            match choice {
                BreachChoice::Corpus(path) => sources.corpus(path)?,
                BreachChoice::Auto { corpora } => {
                    sources.auto = true;
                    for path in corpora {
                        sources.corpus(path)?;
                    }
                }
                _ => {}
            }
        }
        for choice in &settings.sources {
            let lookup = |url: &str| LookupOptions {
                ca: settings.ca.clone(),
                spending: sources.spending.clone(),
                ..LookupOptions::new(url)
            };
            match choice {
                BreachChoice::Embedded | BreachChoice::Corpus(_) => {}
                BreachChoice::Hibp | BreachChoice::Auto { .. } => {
                    let hibp = Arc::new(sources.hibp(settings)?);
                    sources.ranges = Some(hibp.clone());
                    sources.ranges_at = sources.list.len();
                    sources.list.push(Box::new(hibp));
                }
                BreachChoice::Enzoic(url, key) => {
                    let source = Enzoic::new(key.clone(), lookup(url)).map_err(|e| Error::breach(e.0))?;
                    sources.list.push(Box::new(source));
                }
                BreachChoice::XposedOrNot(url) => {
                    let source = XposedOrNot::new(lookup(url)).map_err(|e| Error::breach(e.0))?;
                    sources.list.push(Box::new(source));
                }
            }
        }
        Ok(sources)
    }

    /// These sources, in this order.
    #[cfg(test)]
    pub(super) fn of(list: Vec<Box<dyn Source>>) -> Self {
        Self {
            list,
            ranges: None,
            ranges_at: 0,
            auto: false,
            spending: Arc::default(),
            notes: Vec::new(),
            budget: None,
        }
    }

    /// Whether nobody is asked.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Kinds of digest that somebody takes.
    pub fn kinds(&self) -> impl Iterator<Item = DigestKind> {
        self.list.iter().flat_map(|source| source.takes().iter().copied())
    }

    /// The sources, in the order in which they are asked.
    pub fn list(&self) -> &[Box<dyn Source>] {
        &self.list
    }

    /// Whether a server is asked only what the local corpora cannot tell, and only if that is reasonable.
    pub const fn is_auto(&self) -> bool {
        self.auto
    }

    /// The source that speaks the range protocol.
    pub fn ranges(&self) -> Option<&Hibp> {
        self.ranges.as_deref()
    }

    /// Whether the source of this number in the list is that one.
    pub fn is_ranges(&self, number: usize) -> bool {
        self.ranges.is_some() && self.ranges_at == number
    }

    /// Whether anybody takes the digests that the range protocol is made for.
    pub fn takes_ranges(&self) -> bool {
        self.kinds().any(|kind| matches!(kind, DigestKind::Sha1 | DigestKind::Ntlm))
    }

    /// What limit was named.
    pub const fn budget(&self) -> Option<Budget> {
        self.budget
    }

    /// What was spent of it.
    pub fn spending(&self) -> &Spending {
        &self.spending
    }

    /// What happened that changes no answer.
    pub fn remarks(&self) -> Vec<String> {
        self.notes.iter().cloned().chain(self.list.iter().flat_map(|source| source.remarks())).collect()
    }

    fn corpus(&mut self, path: &Path) -> Result<(), Error> {
        let corpus = breach::corpus::Corpus::open(path).map_err(|e| Error::corpus(e.to_string(), e.hint()))?;
        self.list.push(Box::new(corpus));
        Ok(())
    }

    fn hibp(&mut self, settings: &BreachSettings) -> Result<Hibp, Error> {
        let name = Hibp::name_of(&settings.base_url).map_err(|e| Error::breach(e.0))?;
        let store = match &settings.cache {
            BreachCache::None => None,
            BreachCache::File(path) => Some(open(path, &name).map_err(|e| cannot(path, &e))?),
            BreachCache::Default(path) => {
                // A cache that nobody asked for is no reason to fail.
                let store = breach::private_folder(path).map_err(StoreError::Io).and_then(|()| open(path, &name));
                store.map_err(|e| self.notes.push(format!("no cache of ranges: {}: {e}", path.display()))).ok()
            }
        };
        let options = HibpOptions {
            base_url: settings.base_url.clone(),
            padding: settings.padding,
            ca: settings.ca.clone(),
            concurrency: settings.concurrency,
            store,
            spending: self.spending.clone(),
            ..HibpOptions::default()
        };
        Hibp::new(options).map_err(|e| Error::breach(e.0))
    }
}

fn open(path: &Path, name: &str) -> Result<Arc<RangeStore>, StoreError> {
    RangeStore::open(path, name).map(Arc::new)
}

fn cannot(path: &Path, error: &StoreError) -> Error {
    Error::usage(
        format!("--breach-cache {}: {error}", path.display()),
        "name a file in a folder you may write to, or --breach-cache none",
    )
}
