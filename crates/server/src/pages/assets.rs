//! Style sheet, script and icon.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use fairtrial_pages::assets;

use crate::{
    problem::Problem,
    transport::{Answer, Call},
};

/// A file whose address carries its hash may be kept for ever; without the hash it must be asked for again.
pub(crate) async fn show(call: Call) -> Answer {
    let name = call.part("name");
    let Some(asset) = assets::get(name) else {
        if assets::missing() && name == "app.css" {
            tracing::warn!("{}", assets::MISSING);
        }
        return Err(Problem::not_found());
    };
    let address = assets::address(name);
    let hash = address.split_once("?v=").map(|(_, hash)| hash);
    let keep = match (call.query.get("v"), hash) {
        (Some(asked), Some(hash)) if asked == hash => "public, max-age=31536000, immutable",
        _ => "no-cache",
    };
    let known = call.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == asset.etag));
    let status = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, keep)).insert_header((header::ETAG, asset.etag.clone()));
    if unchanged {
        return Ok(response.finish());
    }
    Ok(response.content_type(asset.media_type).body(asset.bytes.into_owned()))
}
