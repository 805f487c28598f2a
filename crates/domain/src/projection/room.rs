//! Room for people, of whom a server holds millions.

/// Fewest people for whom room is made at once.
const FEWEST: usize = 16;

/// Puts one more behind the others. When there is no room left, it is made for an eighth more: doubled, as usual, up to half of it
/// would stand empty, and all trials of an installation grow alike.
pub(super) fn push<T>(to: &mut Vec<T>, one: T) {
    if to.len() == to.capacity() {
        to.reserve_exact((to.len() / 8).max(FEWEST));
    }
    to.push(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_stands_empty_and_little_is_moved() {
        let (mut list, mut moves) = (Vec::new(), 0);
        for n in 0..100_000_u32 {
            moves += usize::from(list.len() == list.capacity());
            push(&mut list, n);
            assert!(list.capacity() - list.len() <= (list.len() / 8).max(FEWEST), "{n}");
        }
        assert!(list.iter().copied().eq(0..100_000), "all are there, in order");
        assert!(moves < 100, "{moves}");
    }
}
