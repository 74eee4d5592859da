//! Whether several transactions see the database of one moment, by the engine's own word.
//!
//! Neither MySQL nor MariaDB can hand a snapshot from one connection to another without a lock on all tables, which is
//! not a guest's to take. But a quiet moment can be recognised: each transaction's read view is in the engine's status
//! as two numbers, the first transaction it does not see and the first it might not. Where both are equal nothing was
//! being written when it began, and views with equal numbers then see the same.

/// What of the read view of the session `id` is told in `status` (`SHOW ENGINE INNODB STATUS`): "will not see trx with
/// id >= a, sees < b".
fn view(status: &str, id: u32) -> Option<(u64, u64)> {
    let mark = format!("thread id {id},");
    let of_session = status.split("---TRANSACTION ").find(|part| part.contains(&mark))?;
    let (_, limits) = of_session.split_once("will not see trx with id >= ")?;
    let (above, rest) = limits.split_once(", sees < ")?;
    let below: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((above.trim().parse().ok()?, below.parse().ok()?))
}

/// Whether the sessions `ids` have provably the same view.
pub(super) fn is_shared(status: &str, ids: &[u32]) -> bool {
    let mut views = ids.iter().map(|id| view(status, *id));
    let Some(Some(first)) = views.next() else { return false };
    first.0 == first.1 && views.all(|view| view == Some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(views: &[(u32, u64, u64)]) -> String {
        views.iter().fold("Trx id counter 99\n".to_owned(), |text, (id, above, below)| {
            text + &format!(
                "---TRANSACTION 421{id}, ACTIVE 1 sec\n0 lock struct(s)\nMariaDB thread id {id}, OS thread handle 1\n\
                 Trx read view will not see trx with id >= {above}, sees < {below}\n"
            )
        })
    }

    #[test]
    fn only_equal_views_of_a_quiet_moment_are_shared() {
        assert!(is_shared(&status(&[(4, 90, 90), (5, 90, 90)]), &[4, 5]));
        assert!(!is_shared(&status(&[(4, 90, 90), (5, 91, 91)]), &[4, 5]));
        assert!(!is_shared(&status(&[(4, 90, 88), (5, 90, 88)]), &[4, 5]), "something was being written");
        assert!(!is_shared(&status(&[(4, 90, 90)]), &[4, 5]));
        assert!(!is_shared("nothing of that kind", &[4]));
    }
}
