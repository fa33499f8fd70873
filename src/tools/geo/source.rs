//! Reads a country database as people have it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions, path};

use super::tree::{Answer, Tree};
use crate::region::address::Network;
use crate::region::atlas::Asked;
use crate::region::place::continent_of;
use crate::region::reason::Code;

/// Puts what `asked` wants to know into the tree. Returns when the source was built, in Unix
/// seconds.
///
/// # Errors
/// What is wrong with the source.
pub(super) fn read(source: &[u8], asked: &Asked, tree: &mut Tree) -> Result<u64, String> {
    let in_words = |error: MaxMindDbError| error.to_string();
    let reader = Reader::from_source(source).map_err(in_words)?;
    // A tree of n nodes has n + 1 ends, and more where one node stands for several: without a
    // bound, as many as there are addresses.
    let most = reader.metadata().node_count as usize * 32 + 1;
    let mut answers: HashMap<usize, Answer> = HashMap::new();
    let mut knows_places = false;
    for (count, found) in
        reader.networks(options(&reader).map_err(in_words)?).map_err(in_words)?.enumerate()
    {
        let found = found.map_err(in_words)?;
        if count > most {
            return Err("its search tree is too wide for its nodes".into());
        }
        let Some(offset) = found.offset() else { continue };
        let answer = match answers.get(&offset) {
            Some(answer) => *answer,
            None => {
                let (country, continent) = place(&found).map_err(in_words)?;
                knows_places |= country.is_some() || continent.is_some();
                let answer = Answer {
                    network_rule: None,
                    country: country.filter(|code| asked.countries.contains(code)),
                    continent: continent.filter(|code| asked.continents.contains(code)),
                };
                answers.insert(offset, answer);
                answer
            }
        };
        if answer == Answer::default() {
            continue;
        }
        let found = found.network().map_err(in_words)?;
        if let Some(network) = Network::in_tree(found.network(), found.prefix())
            && network.holds_viewers()
        {
            tree.insert(&network, answer);
        }
    }
    match knows_places {
        true => Ok(reader.metadata().build_epoch),
        false => Err(format!(
            "its records, of type {:?}, name no country",
            reader.metadata().database_type
        )),
    }
}

/// The reader leaves out other ways to IPv4's part of the tree. Where there is no such part, it
/// takes for one what happens to be at its place.
fn options(reader: &Reader<&[u8]>) -> Result<WithinOptions, MaxMindDbError> {
    let start = reader.lookup(IpAddr::V4(Ipv4Addr::UNSPECIFIED))?.network()?;
    let options = WithinOptions::default();
    Ok(if start.is_ipv4() { options } else { options.include_aliased_networks() })
}

/// Country and continent of a record: `{country: {iso_code}, continent: {code}}` as MaxMind nests
/// them, or `{country_code, continent_code}`. The continent of a known country is ours, as it is
/// for CloudFront's headers.
fn place(found: &LookupResult<'_, &[u8]>) -> Result<(Option<Code>, Option<Code>), MaxMindDbError> {
    let code = |nested: &[PathElement<'_>], flat: &[PathElement<'_>]| {
        let text = match text(found, nested)? {
            Some(text) => Some(text),
            None => text(found, flat)?,
        };
        Ok::<_, MaxMindDbError>(text.and_then(Code::new))
    };
    let country = code(&path!["country", "iso_code"], &path!["country_code"])?;
    let continent = match country.and_then(continent_of) {
        Some(continent) => Some(continent),
        None => code(&path!["continent", "code"], &path!["continent_code"])?,
    };
    Ok((country, continent))
}

/// The text there, or nothing where there is none or something else; damage is an error.
fn text<'s>(
    found: &LookupResult<'s, &'s [u8]>,
    path: &[PathElement<'_>],
) -> Result<Option<&'s str>, MaxMindDbError> {
    match found.decode_path(path) {
        Err(MaxMindDbError::Decoding { .. }) => Ok(None),
        other => other,
    }
}
