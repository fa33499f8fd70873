//! The API in some Regions, asked as the edge asks it.

use crate::bundle::RoundTrip;
use crate::region::Api;
use crate::region::api::Viewer;
use crate::region::choice::{Switches, Unobserved, choose};
use crate::region::health::Outlook;
use crate::region::place::Place;
use crate::region::set::RegionSet;
use crate::tools::diagnostic::Diagnostic;
use crate::tools::distances::round_trip;
use crate::tools::parse::parse;
use crate::tools::regions::Region;
use crate::tools::resolve::{Inputs, resolve};

/// A Region of the API.
#[derive(Clone, Copy)]
pub struct Member {
    pub region: &'static Region,
    pub bias_ms: i32,
    pub stands_by: bool,
}

/// The API in some Regions, as a bundle would carry it.
pub struct Fleet {
    api: Api,
    pub members: Vec<Member>,
}

impl Fleet {
    pub fn new(members: &[Member]) -> Self {
        let mut text = String::new();
        for Member { region, bias_ms, stands_by } in members {
            let (name, weight) = (region.name, if *stands_by { 0 } else { 100 });
            text.push_str(&format!(
                "[[api.regions]]\nname = {name:?}\nendpoint = \"https://plan.{name}.example\"\n\
                 bias_ms = {bias_ms}\nweight = {weight}\n"
            ));
        }
        let sound = "Regions that were checked make a sound configuration";
        let parsed = parse(&text).expect(sound);
        let (_, policy) = resolve(&parsed, Inputs::default())
            .map_err(|diagnostics: Vec<Diagnostic>| format!("{diagnostics:?}"))
            .expect(sound);
        Self { api: policy.api.expect("it has Regions"), members: members.to_vec() }
    }

    /// The Region chosen at an edge, by its place, while others are avoided.
    pub fn choose(&self, edge: &Region, avoided: RegionSet) -> usize {
        self.ask(edge.name, &Viewer::default(), avoided)
    }

    /// The Region chosen by the map alone.
    pub fn choose_by_distance(&self, edge: &Region) -> usize {
        let place = Place { coordinates: Some(edge.coordinates()), ..Place::default() };
        self.ask("", &Viewer { place, ..Viewer::default() }, RegionSet::EMPTY)
    }

    fn ask(&self, edge: &str, viewer: &Viewer<'_>, avoided: RegionSet) -> usize {
        let switches = Switches::default();
        let outlook = Outlook { avoided, ..Outlook::default() };
        let question =
            self.api.question(self.api.row(edge), viewer, self.api.all(), &switches, outlook);
        choose(&question, &mut Unobserved).expect("no Region is forbidden").region()
    }

    pub fn trip(&self, edge: &Region, index: usize) -> RoundTrip {
        round_trip(edge, self.members[index].region)
    }

    pub fn ms(&self, edge: &Region, index: usize) -> f64 {
        self.trip(edge, index).ms.into()
    }

    pub fn name(&self, index: usize) -> String {
        self.members[index].region.name.into()
    }
}
