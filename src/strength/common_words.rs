//! Words that keys and secrets are made of in documentation, examples and haste. Not a dictionary: what
//! "your-jwt-secret", "change-me-in-production" and "mcp_test_key_1" consist of.

use std::sync::LazyLock;

/// None has fewer than three letters: shorter ones occur in random text too often.
const WORDS: &str = include_str!("common_words.txt");

/// Letters, without regard to case, and digits.
const ALPHABET_SIZE: usize = 36;

static TRIE: LazyLock<Trie> = LazyLock::new(Trie::new);

/// The words as a tree. Node 0 is the root, to which no branch leads.
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Clone)]
struct Node {
    /// For each character the next node, 0 for none.
    next: [usize; ALPHABET_SIZE],
    ends_word: bool,
}

const LEAF: Node = Node { next: [0; ALPHABET_SIZE], ends_word: false };

impl Trie {
    fn new() -> Self {
        let mut nodes = vec![LEAF];
        for word in WORDS.split_ascii_whitespace() {
            let mut node = 0;
            for character in word.bytes().filter_map(branch) {
                let new = nodes.len();
                let Some(next) = nodes.get_mut(node).and_then(|node| node.next.get_mut(character)) else {
                    break;
                };
                if *next == 0 {
                    *next = new;
                    node = new;
                    nodes.push(LEAF);
                } else {
                    node = *next;
                }
            }
            if let Some(node) = nodes.get_mut(node) {
                node.ends_word = true;
            }
        }
        Self { nodes }
    }

    fn next(&self, node: &Node, byte: u8) -> Option<&Node> {
        let next = *node.next.get(branch(byte)?)?;
        if next == 0 { None } else { self.nodes.get(next) }
    }
}

fn branch(byte: u8) -> Option<usize> {
    char::from(byte).to_digit(ALPHABET_SIZE as u32).map(|digit| digit as usize)
}

/// The length of the longest common word at the beginning of a text, in any case; 0 if there is none.
pub(super) fn common_word_length(text: &[u8]) -> usize {
    let mut longest = 0;
    let mut node = TRIE.nodes.first();
    for (length, byte) in (1..).zip(text) {
        node = node.and_then(|node| TRIE.next(node, *byte));
        match node {
            Some(Node { ends_word: true, .. }) => longest = length,
            Some(_) => {}
            None => break,
        }
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_is_found_in_any_case_and_followed_by_anything() {
        let words: Vec<_> = WORDS.split_ascii_whitespace().collect();
        assert!(words.len() > 250 && words.is_sorted());
        for word in words {
            assert!(word.len() >= 3 && word.bytes().all(|byte| branch(byte).is_some()), "{word}");
            for text in [word.to_owned(), word.to_uppercase(), format!("{word}-"), format!("{word}\u{e9}")] {
                assert_eq!(common_word_length(text.as_bytes()), word.len(), "{text}");
            }
        }
    }

    #[test]
    fn the_longest_word_counts_and_no_part_of_one() {
        for (text, length) in [("keyboards", 8), ("keyb", 3), ("authent", 4), ("ke", 0), ("-key", 0), ("", 0)]
        {
            assert_eq!(common_word_length(text.as_bytes()), length, "{text}");
        }
    }
}
