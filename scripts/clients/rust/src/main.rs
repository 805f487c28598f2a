//! The provider for Rust: one request for each evaluation.

use std::{collections::BTreeSet, env};

use anyhow::{Context, Result, ensure};
use open_feature::{Client, EvaluationContext, EvaluationErrorCode, OpenFeature, StructValue};
use open_feature_ofrep::{OfrepOptions, OfrepProvider};
use reqwest::header::{AUTHORIZATION, HeaderMap};

async fn client(token: &str, domain: &str) -> Result<Client> {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
    let options = OfrepOptions { base_url: env::var("BASE").context("BASE")?, headers, ..OfrepOptions::default() };
    let provider = OfrepProvider::new(options).await.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let mut api = OpenFeature::singleton_mut().await;
    api.set_named_provider(domain, provider).await;
    Ok(api.create_named_client(domain))
}

async fn code(client: &Client, flag: &str, context: &EvaluationContext) -> Option<EvaluationErrorCode> {
    client.get_struct_details::<StructValue>(flag, Some(context), None).await.err().map(|error| error.code)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let door = client(&env::var("FRONTLINE").context("FRONTLINE")?, "door").await?;
    let mut seen = BTreeSet::new();
    for n in 0..40 {
        let context = EvaluationContext::default()
            .with_targeting_key(format!("rust-client-{n}"))
            .with_custom_field("browser", "any");
        let ask = async || {
            let found = door.get_struct_details::<StructValue>("open-door", Some(&context), None).await;
            found.map_err(|error| anyhow::anyhow!("{error:?}"))
        };
        let (first, again) = (ask().await?, ask().await?);
        ensure!(first.value.fields.contains_key("sign"), "{:?}", first.value);
        ensure!((&first.variant, &first.value) == (&again.variant, &again.value), "a unit keeps its version");
        seen.insert(first.variant.context("a variant")?);
    }
    ensure!(seen.len() > 1, "{seen:?}");

    let (known, nobody) = (EvaluationContext::default().with_targeting_key("rust-client-0"), EvaluationContext::default());
    let named = EvaluationContext::default().with_targeting_key("ana@example.org");
    ensure!(code(&door, "no-such-trial", &known).await == Some(EvaluationErrorCode::FlagNotFound));
    // This provider tells every context that is refused in one way.
    ensure!(code(&door, "open-door", &nobody).await == Some(EvaluationErrorCode::InvalidContext));
    ensure!(code(&door, "open-door", &named).await == Some(EvaluationErrorCode::InvalidContext));
    ensure!(door.get_bool_details("open-door", Some(&known), None).await.is_err(), "another type");
    let stranger = client("ft_live_nobody_nothing", "stranger").await?;
    ensure!(code(&stranger, "open-door", &known).await.is_some(), "no valid key");
    println!("Rust provider: well ({})", Vec::from_iter(seen).join(", "));
    Ok(())
}
