use super::*;

fn planned(names: &[&str], weights: Option<&[(&str, f64)]>) -> Plan {
    let wanted = Wanted {
        regions: names.iter().map(|name| (*name).to_owned()).collect(),
        weights: weights
            .map(|weights| weights.iter().map(|(n, w)| ((*n).to_owned(), *w)).collect()),
        ..Wanted::default()
    };
    plan("", &wanted).unwrap()
}

fn ms(from: &str, to: &str) -> f64 {
    rounded(round_trip(region(from).unwrap(), region(to).unwrap()).ms.into())
}

#[test]
fn each_edge_goes_where_the_round_trip_is_shortest() {
    let names = ["us-east-1", "eu-west-1", "ap-northeast-1"];
    let plan = planned(&names, None);
    assert_eq!(plan.edges.len(), 13);
    for edge in &plan.edges {
        let least = names.map(|name| ms(edge.edge, name)).into_iter().reduce(f64::min);
        assert_eq!(Some(edge.ms), least, "{}", edge.edge);
        assert_eq!(edge.ms, ms(edge.edge, &edge.region));
        assert!(edge.distance_gain_ms >= 0.0);
        let next = edge.next.as_ref().unwrap();
        assert_ne!(next.region, edge.region);
        let rest = names.iter().filter(|name| **name != edge.region);
        let least = rest.map(|name| ms(edge.edge, name)).reduce(f64::min);
        assert_eq!(Some(next.ms), least);
    }
}

#[test]
fn one_region_alone_gains_nothing_and_has_no_next() {
    let plan = planned(&["eu-west-1"], None);
    assert!(plan.edges.iter().all(|edge| edge.single_gain_ms == 0.0 && edge.next.is_none()));
    let [only] = plan.failures.as_slice() else { panic!("{:?}", plan.failures) };
    assert_eq!((only.edges, only.mean_added_ms), (13, None));
    assert_eq!(plan.singles[0].mean_ms, plan.mean_ms);
}

#[test]
fn what_is_added_is_weighed_by_the_edges_that_count() {
    let plan = planned(&["us-east-1"], Some(&[("ap-southeast-2", 3.0), ("us-east-1", 1.0)]));
    assert_eq!(plan.edges.len(), 2);
    let mean = (3.0 * ms("ap-southeast-2", "us-east-1") + ms("us-east-1", "us-east-1")) / 4.0;
    assert!((plan.mean_ms - mean).abs() < 0.01);
    assert_eq!(plan.additions[0].region, "ap-southeast-2");
    assert_eq!(plan.additions[0].edges, ["ap-southeast-2"]);
    assert!(plan.additions.iter().all(|more| region(more.region).unwrap().partition == "aws"));
}

#[test]
fn a_region_that_stands_by_serves_when_the_others_fail() {
    let text = "[[api.regions]]\nname = \"us-east-1\"\nendpoint = \"https://a.example\"\n\
                [[api.regions]]\nname = \"eu-west-1\"\nendpoint = \"https://b.example\"\n\
                weight = 5\n";
    let plan = plan(text, &Wanted::default()).unwrap();
    assert!(plan.edges.iter().all(|edge| edge.region == "us-east-1"));
    assert!(plan.edges.iter().all(|edge| edge.next.as_ref().unwrap().region == "eu-west-1"));
}

#[test]
fn sign_in_calls_the_region_of_its_user_pool() {
    let api = "[[api.regions]]\nname = \"us-east-1\"\nendpoint = \"https://a.example\"\n";
    let with = |issuer: &str| {
        let text = format!(
            "{api}[[issuers]]\nclients = [\"c\"]\nissuer = {issuer:?}\n[sign_in]\nkey.env = \"K\"\n"
        );
        plan(&text, &Wanted::default()).unwrap().sign_in
    };
    for prefix in ["", "issuer-"] {
        let url =
            format!("https://{prefix}cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example01");
        let told = with(&url).unwrap();
        assert_eq!((told.issuer, told.region), (url, "eu-west-1"));
        assert_eq!(told.worst_ms, ms(told.worst_edge, "eu-west-1"));
        assert!(told.mean_ms < told.worst_ms);
    }
    assert!(with("https://id.example.com").is_none());
    assert!(plan(api, &Wanted::default()).unwrap().sign_in.is_none());
    assert!(planned(&["us-east-1"], None).sign_in.is_none());
}

#[test]
fn what_is_no_edge_or_region_is_named() {
    let ask = |regions: &[&str], weights: &[(&str, f64)]| {
        let wanted = Wanted {
            regions: regions.iter().map(|name| (*name).to_owned()).collect(),
            weights: Some(weights.iter().map(|(n, w)| ((*n).to_owned(), *w)).collect()),
            all: false,
        };
        match plan("", &wanted) {
            Err(Unexplained::Ask(message)) => message,
            other => panic!("{other:?}"),
        }
    };
    assert!(ask(&["eu-wset-1"], &[]).contains("did you mean \"eu-west-1\"?"));
    assert!(ask(&["eu-west-1", "eu-west-1"], &[]).contains("twice"));
    assert!(ask(&["eu-west-1"], &[("af-south-1", 1.0)]).contains("with --all"));
    assert!(ask(&["eu-west-1"], &[("us-east-1", -1.0)]).contains("from 0"));
    assert!(ask(&["eu-west-1"], &[("us-east-1", 0.0)]).contains("above 0"));
    assert!(ask(&[], &[]).contains("--regions: found nothing"));
}
