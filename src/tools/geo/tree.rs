//! Networks and what follows from them, as a binary tree over the bits of addresses.

use std::collections::HashMap;

use crate::region::address::Network;
use crate::region::reason::Code;

/// Grows by networks; an address is answered by all of those around it, the longest first.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    /// The nodes one bit deeper; `NONE` where there is none.
    children: [u32; 2],
    answer: Answer,
}

/// What is said of an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Answer {
    pub network_rule: Option<u16>,
    pub country: Option<Code>,
    pub continent: Option<Code>,
}

/// What a node leads to by one bit, once the tree is flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Branch {
    /// The node of that number.
    Node(usize),
    /// The answer of that number.
    Answer(usize),
    /// Nothing is said of these addresses.
    Nothing,
}

/// The root is nobody's child.
const NONE: u32 = 0;

impl Tree {
    pub fn new() -> Self {
        let mut tree = Self { nodes: vec![Node::default()] };
        // IPv4's root is there from the start: 96 zeros deep.
        (0..96).fold(NONE, |node, _| tree.child(node, false));
        tree
    }

    pub fn insert(&mut self, network: &Network, answer: Answer) {
        let root = if network.is_ipv4() { IPV4 } else { NONE };
        let node = network.bits().fold(root, |node, bit| self.child(node, bit));
        let node = &mut self.nodes[node as usize];
        node.answer = answer.or(node.answer);
    }

    fn child(&mut self, node: u32, bit: bool) -> u32 {
        let child = self.nodes[node as usize].children[usize::from(bit)];
        if child != NONE {
            return child;
        }
        let new = u32::try_from(self.nodes.len()).expect("fewer nodes than fit into memory");
        self.nodes.push(Node::default());
        self.nodes[node as usize].children[usize::from(bit)] = new;
        new
    }

    /// The tree with its answers at the leaves only, no node both of whose sides say the same, and
    /// one node in place of several that lead to the same. Its root is node 0.
    pub fn flatten(&self) -> (Vec<[Branch; 2]>, Vec<Answer>) {
        let mut flat = Flat::default();
        let root = flat.add(self, NONE, Answer::default());
        if !matches!(root, Branch::Node(_)) {
            flat.nodes.push([root; 2]);
        }
        // Children were added before their parents, and the root last.
        let last = flat.nodes.len() - 1;
        let turned = |branch| match branch {
            Branch::Node(node) => Branch::Node(last - node),
            other => other,
        };
        let nodes = flat.nodes.into_iter().rev().map(|node| node.map(turned));
        (nodes.collect(), flat.answers)
    }
}

/// The root of IPv4's addresses.
const IPV4: u32 = 96;

/// One node stands for several only as long as the tree has less than three times as many networks
/// as nodes: maxminddb's verifier takes more for a loop.
#[derive(Default)]
struct Flat {
    nodes: Vec<[Branch; 2]>,
    /// The last node with these sides.
    alike: HashMap<[Branch; 2], usize>,
    /// The nodes there would be if none stood for several.
    unshared: usize,
    answers: Vec<Answer>,
    known: HashMap<Answer, usize>,
}

impl Flat {
    fn add(&mut self, tree: &Tree, at: u32, around: Answer) -> Branch {
        let Node { children, answer } = tree.nodes[at as usize];
        // A network of IPv6 addresses, however wide, holds none of IPv4.
        let answer = if at == IPV4 { answer } else { answer.or(around) };
        let [zero, one] = children.map(|child| match child {
            NONE => self.answer(answer),
            child => self.add(tree, child, answer),
        });
        if zero == one && !matches!(zero, Branch::Node(_)) {
            return zero;
        }
        self.node([zero, one], at)
    }

    fn node(&mut self, sides: [Branch; 2], at: u32) -> Branch {
        self.unshared += 1;
        // Readers know IPv4's root from others by its number.
        let alike = self.alike.get(&sides).filter(|_| at != IPV4);
        if let Some(node) = alike.filter(|_| self.unshared + 2 < 3 * self.nodes.len()) {
            return Branch::Node(*node);
        }
        let node = self.nodes.len();
        self.nodes.push(sides);
        if at != IPV4 {
            self.alike.insert(sides, node);
        }
        Branch::Node(node)
    }

    fn answer(&mut self, answer: Answer) -> Branch {
        if answer == Answer::default() {
            return Branch::Nothing;
        }
        let next = self.answers.len();
        let number = *self.known.entry(answer).or_insert(next);
        if number == next {
            self.answers.push(answer);
        }
        Branch::Answer(number)
    }
}

impl Answer {
    /// This, and what is not said here from a wider network's answer.
    fn or(self, wider: Self) -> Self {
        Self {
            network_rule: self.network_rule.or(wider.network_rule),
            country: self.country.or(wider.country),
            continent: self.continent.or(wider.continent),
        }
    }
}
