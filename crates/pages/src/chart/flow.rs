use super::{Anchor, Label, Px, lines};
use crate::component::{Cell, Table, writes_markup};
use askama::Template;

const WIDTH: f64 = 640.0;
const GAP: f64 = 16.0;
const LINE: f64 = 22.0;
const PAD: f64 = 12.0;

/// How many people were at each stage, from those looked at to those analysed (CONSORT 2025, item 22a). Counts come as
/// text, because small ones may be hidden ("not shown").
#[derive(Debug, Clone, Template)]
#[template(path = "components/chart/flow.html")]
pub struct Flow {
    id: String,
    headline: String,
    description: String,
    height: Px,
    boxes: Vec<DrawnBox>,
    arrows: Vec<Arrow>,
    labels: Vec<Label>,
    table: Table,
}

/// The people of one version.
#[derive(Debug, Clone)]
pub struct FlowArm {
    /// The version.
    pub name: String,
    /// What happened to its people, in order, as pairs of stage ("Assigned") and count. The same stages for every arm.
    pub stages: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
struct DrawnBox {
    x: Px,
    y: Px,
    width: Px,
    height: Px,
    aside: bool,
}

#[derive(Debug, Clone)]
struct Arrow {
    path: String,
    head: String,
}

impl Flow {
    /// The diagram. `before` are the stages before assignment in order ("Looked at", "Assigned"), `left_out` the reasons
    /// why people were not assigned. More than four versions are shown in the table only.
    #[must_use]
    pub fn new(
        id: &str,
        headline: &str,
        before: &[(String, String)],
        left_out: &[(String, String)],
        arms: &[FlowArm],
    ) -> Self {
        let mut drawing = Drawing::default();
        let mut y = 4.0;
        let middle = WIDTH / 2.0;
        let mut last_bottom = None;
        for (place, (stage, count)) in before.iter().enumerate() {
            let wide = 250.0;
            let bottom = drawing.rectangle(middle - wide / 2.0, y, wide, &[format!("{stage}: {count}")], false);
            if let Some(from) = last_bottom {
                drawing.down(middle, from, y);
            }
            last_bottom = Some(bottom);
            y = bottom + 34.0;
            if place == 0 && !left_out.is_empty() {
                let mut texts = vec!["Not in the trial".to_owned()];
                for (reason, count) in left_out {
                    texts.extend(lines(&format!("{reason}: {count}"), 30));
                }
                let side = drawing.rectangle(WIDTH - 290.0, y - 6.0, 286.0, &texts, true);
                drawing.aside(middle, bottom, y - 6.0 + (side - y + 6.0) / 2.0, WIDTH - 290.0);
                y = side + 24.0;
            }
        }
        if (1..=4).contains(&arms.len()) {
            let number = arms.len() as f64;
            let width = (WIDTH - GAP * (number - 1.0) - 8.0) / number;
            let letters = ((width - 2.0 * PAD) / 9.2) as usize;
            let mut lowest: f64 = y;
            for (place, arm) in arms.iter().enumerate() {
                let x = 4.0 + place as f64 * (width + GAP);
                let mut texts = lines(&arm.name, letters);
                let names = texts.len();
                for (stage, count) in &arm.stages {
                    texts.extend(lines(&format!("{stage}: {count}"), letters));
                }
                let bottom = drawing.rectangle(x, y, width, &texts, false);
                drawing.strengthen(names);
                if let Some(from) = last_bottom {
                    drawing.branch(middle, from, x + width / 2.0, y);
                }
                lowest = lowest.max(bottom);
            }
            y = lowest;
        }
        Self {
            id: id.into(),
            headline: headline.into(),
            description: describe(before, left_out, arms),
            height: Px(y + 8.0),
            boxes: drawing.boxes,
            arrows: drawing.arrows,
            labels: drawing.labels,
            table: table(headline, before, left_out, arms),
        }
    }
}

#[derive(Default)]
struct Drawing {
    boxes: Vec<DrawnBox>,
    arrows: Vec<Arrow>,
    labels: Vec<Label>,
    /// The first label of the last box.
    last: usize,
}

impl Drawing {
    /// Draws a box with its lines of text; its lower edge.
    fn rectangle(&mut self, x: f64, y: f64, width: f64, texts: &[String], aside: bool) -> f64 {
        let height = 2.0 * PAD + LINE * texts.len() as f64 - 4.0;
        let label = |(line, text): (usize, &String)| Label {
            x: Px(x + PAD),
            y: Px(y + PAD + 15.0 + LINE * line as f64),
            anchor: Anchor::Start,
            strong: false,
            text: text.clone(),
        };
        self.last = self.labels.len();
        self.labels.extend(texts.iter().enumerate().map(label));
        self.boxes.push(DrawnBox { x: Px(x), y: Px(y), width: Px(width), height: Px(height), aside });
        y + height
    }

    /// Makes the first `names` lines of the last box bold.
    fn strengthen(&mut self, names: usize) {
        self.labels.iter_mut().skip(self.last).take(names).for_each(|label| label.strong = true);
    }

    fn down(&mut self, x: f64, from: f64, to: f64) {
        self.arrow(format!("M{} {}V{}", Px(x), Px(from), Px(to - 7.0)), x, to);
    }

    fn branch(&mut self, x: f64, from: f64, to_x: f64, to: f64) {
        let bend = to - 20.0;
        self.arrow(format!("M{} {}V{}H{}V{}", Px(x), Px(from), Px(bend), Px(to_x), Px(to - 7.0)), to_x, to);
    }

    fn aside(&mut self, x: f64, from: f64, y: f64, to_x: f64) {
        let path = format!("M{} {}V{}H{}", Px(x), Px(from), Px(y), Px(to_x - 7.0));
        let head = format!("M{} {}l-9-5v10z", Px(to_x), Px(y));
        self.arrows.push(Arrow { path, head });
    }

    fn arrow(&mut self, path: String, x: f64, to: f64) {
        self.arrows.push(Arrow { path, head: format!("M{} {}l-5-9h10z", Px(x), Px(to)) });
    }
}

fn describe(before: &[(String, String)], left_out: &[(String, String)], arms: &[FlowArm]) -> String {
    let say = |pairs: &[(String, String)]| {
        pairs.iter().map(|(stage, count)| format!("{stage}: {count}")).collect::<Vec<_>>().join(", ")
    };
    let mut parts = Vec::new();
    if !before.is_empty() {
        parts.push(say(before));
    }
    if !left_out.is_empty() {
        parts.push(format!("Not in the trial: {}", say(left_out)));
    }
    parts.extend(arms.iter().map(|arm| format!("{}: {}", arm.name, say(&arm.stages))));
    parts.join(". ")
}

fn table(headline: &str, before: &[(String, String)], left_out: &[(String, String)], arms: &[FlowArm]) -> Table {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut add = |group: &str, stage: &str, count: &str| {
        rows.push(vec![Cell::words(group), Cell::words(stage), Cell::number(count)]);
    };
    before.iter().for_each(|(stage, count)| add("Everybody", stage, count));
    left_out.iter().for_each(|(reason, count)| add("Not in the trial", reason, count));
    for arm in arms {
        arm.stages.iter().for_each(|(stage, count)| add(&arm.name, stage, count));
    }
    Table {
        caption: headline.into(),
        caption_hidden: true,
        head: vec![Cell::words("Group"), Cell::words("Stage"), Cell::number("People")],
        rows,
    }
}

writes_markup!(Flow);
