//! What tenants may have is counted once, and what they change is noted.

use super::*;

fn id(n: u32) -> String {
    format!("0199d4c0-0000-7000-8000-{n:012}")
}

/// An order of a tenant at a moment, of a demo that is live.
fn of(tenant: &str, created_at: &str) -> Order {
    Order {
        tenant: tenant.into(),
        created_at: created_at.into(),
        ..order(false)
    }
}

fn tenant(id: &str) -> Tenant {
    Tenant {
        id: id.into(),
        name: id.into(),
        tier: "free".into(),
        created_at: 1,
    }
}

async fn begin(store: &Store, n: u32, order: &Order, allowance: Allowance) -> Result<(), Exhausted> {
    match store
        .create(&id(n), order, SessionState::Waiting, allowance)
        .await
    {
        Ok(()) => Ok(()),
        Err(StoreError::Exhausted(what)) => Err(what),
        Err(error) => panic!("{error}"),
    }
}

const NOVEMBER: &str = "2026-11-30T23:59:59.999Z";
const DECEMBER: &str = "2026-12-01T00:00:00.000Z";

#[tokio::test]
async fn a_month_has_so_many_analyses_and_the_next_one_has_them_again() {
    for place in Place::all().await {
        let store = place.open().await;
        assert!(store.accounts().tenants.add(&tenant("club")).await.expect("adds"));
        let two = Allowance {
            analyses_per_month: 2,
            live_streams: 0,
        };
        let used = async |moment| store.usage().of("club", moment).await.expect("reads").analyses;
        let november = of("club", NOVEMBER);
        assert_eq!(begin(&store, 1, &november, two).await, Ok(()));
        assert_eq!(begin(&store, 2, &november, two).await, Ok(()));
        assert_eq!(
            begin(&store, 3, &november, two).await,
            Err(Exhausted::AnalysesPerMonth)
        );
        assert!(
            store.read(&id(3)).await.expect("reads").is_none(),
            "nothing is left of it"
        );
        assert_eq!(used(NOVEMBER).await, 2);
        assert_eq!(begin(&store, 4, &of("club", DECEMBER), two).await, Ok(()));
        assert_eq!(
            begin(&store, 5, &of(LOCAL, NOVEMBER), two).await,
            Ok(()),
            "others have their own"
        );
        store.usage().take_back("club", NOVEMBER).await.expect("writes");
        assert_eq!(used(NOVEMBER).await, 1);
        assert_eq!(begin(&store, 6, &november, two).await, Ok(()));
        assert_eq!(
            begin(&store, 7, &november, Allowance::default()).await,
            Ok(()),
            "no limit"
        );
    }
}

#[tokio::test]
async fn live_streams_are_those_that_run() {
    for place in Place::all().await {
        let store = place.open().await;
        let one = Allowance {
            analyses_per_month: 0,
            live_streams: 1,
        };
        let live = of(LOCAL, NOVEMBER);
        assert_eq!(begin(&store, 1, &live, one).await, Ok(()));
        assert_eq!(begin(&store, 2, &live, one).await, Err(Exhausted::LiveStreams));
        let used = store.usage().of(LOCAL, NOVEMBER).await.expect("reads");
        assert_eq!(
            (used.analyses, used.live_streams),
            (1, 1),
            "the refused one does not count"
        );
        let end = line(0, EventType::State);
        let ended = store.append(&id(1), &end, says(SessionState::Done, None)).await;
        ended.expect("appends");
        assert_eq!(begin(&store, 2, &live, one).await, Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_no_more_than_there_is() {
    for place in Place::all().await {
        let store = place.open().await;
        let three = Allowance {
            analyses_per_month: 3,
            live_streams: 2,
        };
        let begun = (0..12).map(|n| {
            let store = store.clone();
            tokio::spawn(async move { begin(&store, n, &of(LOCAL, NOVEMBER), three).await })
        });
        let begun = futures_util::future::join_all(begun).await;
        let good = begun.into_iter().filter(|one| matches!(one, Ok(Ok(()))));
        assert_eq!(good.count(), 2);
        let used = store.usage().of(LOCAL, NOVEMBER).await.expect("reads");
        assert_eq!((used.analyses, used.live_streams), (2, 2));
    }
}

#[tokio::test]
async fn a_tenant_has_so_many_webhooks() {
    for place in Place::all().await {
        let store = place.open().await;
        let webhooks = store.webhooks();
        webhooks.add(&webhook("a"), 1).await.expect("adds");
        let more = webhooks.add(&webhook("b"), 1).await;
        assert!(
            matches!(more, Err(StoreError::Exhausted(Exhausted::Webhooks))),
            "{more:?}"
        );
        assert!(webhooks.find(LOCAL, "b").await.expect("reads").is_none());
        assert!(webhooks.remove(LOCAL, "a").await.expect("removes"));
        webhooks.add(&webhook("b"), 1).await.expect("there is room again");
    }
}

#[tokio::test]
async fn a_tenant_is_made_once_and_moves_between_tiers() {
    for place in Place::all().await {
        let tenants = place.open().await.accounts().tenants;
        assert!(tenants.add(&tenant("club")).await.expect("adds"));
        let again = Tenant {
            tier: "pro".into(),
            ..tenant("club")
        };
        assert!(!tenants.add(&again).await.expect("does nothing"));
        assert_eq!(tenants.find("club").await.expect("reads"), Some(tenant("club")));
        assert!(tenants.set_tier("club", "pro").await.expect("writes"));
        assert!(!tenants.set_tier("other", "pro").await.expect("does nothing"));
        assert_eq!(tenants.find("club").await.expect("reads"), Some(again));
        let all = tenants.all().await.expect("reads");
        let names: Vec<&str> = all.iter().map(|tenant| tenant.id.as_str()).collect();
        assert_eq!(names, ["club", LOCAL]);
    }
}

#[tokio::test]
async fn the_audit_log_is_read_page_by_page_and_by_its_tenant() {
    for place in Place::all().await {
        let audit = place.open().await.accounts().audit;
        let change = |n: i64, tenant: &str| Change {
            id: format!("c{n}"),
            tenant: tenant.into(),
            // Two of each moment.
            at: n / 2,
            actor: "operator".into(),
            action: "keys create".into(),
            subject: "k".into(),
            address: None,
        };
        for n in 0..5 {
            audit.add(&change(n, LOCAL)).await.expect("adds");
        }
        audit.add(&change(9, "club")).await.expect("adds");
        let (mut behind, mut found) = (None::<Cursor>, Vec::new());
        loop {
            let page = audit.of(LOCAL, behind.as_ref(), 2).await.expect("reads");
            let Some(last) = page.last() else { break };
            behind = Some(Cursor {
                at: last.at,
                id: last.id.clone(),
            });
            found.extend(page);
        }
        let all: Vec<Change> = (0..5).rev().map(|n| change(n, LOCAL)).collect();
        assert_eq!(found, all);
    }
}
