//! `many_arms.*`: several new versions against one, with looks. Both methods take the design: `arms`, `treatment`, `control`
//! (cumulative units at the looks), `alpha`, `efficacy`, and where wanted `futility` and `binding`.

use serde_json::json;

use super::{Answer, Arguments, answer};
use crate::sequential::many_arms::{ManyArmDesign, ManyArmSpec};

pub(super) fn call(name: &str, arguments: &mut Arguments<'_>) -> Answer {
    if !matches!(name, "design" | "operating") {
        return Ok(None);
    }
    let spec = ManyArmSpec {
        arms: usize::try_from(arguments.count("arms")?).unwrap_or(usize::MAX),
        treatment: arguments.numbers("treatment")?,
        control: arguments.numbers("control")?,
        alpha: arguments.fraction("alpha")?,
        efficacy: arguments.parsed("efficacy")?,
        futility: arguments.optional_numbers("futility")?,
        binding: arguments.flag_or("binding", false)?,
    };
    if name == "operating" {
        let effects = arguments.numbers("effects")?;
        return answer(arguments, || ManyArmDesign::new(spec)?.operating(&effects));
    }
    answer(arguments, || Ok(json!({"looks": ManyArmDesign::new(spec)?.looks()})))
}
