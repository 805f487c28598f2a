//! Tables: what is taken, and what is refused with line and column.

use fairtrial_analysis::tabular::{ColumnMapping, MOST_FAULTS, MappingError, evidence_from_table};
use fairtrial_domain::{LockedProtocol, projection::Tally};
use serde_json::json;

use crate::{
    evidence::{as_of, plan_with, simple},
    published::{cells, read},
};

/// A binary outcome, an amount in cents with a cap, and strata.
fn rich(missing: &str) -> LockedProtocol {
    plan_with(|document| {
        let outcomes = document["outcomes"].as_array().unwrap();
        document["outcomes"] = json!([outcomes[0], outcomes[3]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["analysis"] = json!({"population": "as_assigned", "missing": missing});
    })
}

#[track_caller]
fn faults(plan: &LockedProtocol, text: &str, mapping: &ColumnMapping) -> Vec<String> {
    let (header, rows) = cells(text);
    let faults = evidence_from_table(plan, &header, rows, mapping, as_of()).unwrap_err();
    faults.iter().map(|fault| format!("{} {fault}", fault.code)).collect()
}

const GOOD: &str = "unit,arm,assigned_at,district,paid-28d,dollars-90d,note
a,usual,2027-03-01,north,1,120.50,x
b,norm,2027-03-02T11:30:00Z,south,0,0,
c,norm,2027-07-20,north,,2000.00,
d,usual,2027-06-01,north,NA,,
";

#[test]
fn units_are_counted_by_arm_group_and_maturity() {
    let plan = rich("left_out");
    let (header, rows) = cells(GOOD);
    let mapping = ColumnMapping::read::<&str>(&[], &[], &[], false).unwrap();
    let evidence = evidence_from_table(&plan, &header, rows, &mapping, as_of()).unwrap();
    let found: Vec<(usize, &str, u64, u64, Tally)> = evidence
        .outcomes
        .iter()
        .flat_map(|outcome| &outcome.cells)
        .map(|cell| (cell.arm, cell.group.as_str(), cell.assigned, cell.mature, cell.tally))
        .collect();
    let tally = |observed, value: i128| Tally { observed, sum: value, sum_of_squares: value * value };
    assert_eq!(
        found,
        [
            (0, "north", 2, 2, tally(1, 1)),
            (1, "north", 1, 0, tally(0, 0)),
            (1, "south", 1, 1, tally(1, 0)),
            // Dollars take 90 days: the one of June is not over. The cap of 1,000 dollars would meet the one of July.
            (0, "north", 2, 1, tally(1, 12_050)),
            (1, "north", 1, 0, tally(0, 0)),
            (1, "south", 1, 1, tally(1, 0)),
        ]
    );
    // 11:30 in Greenwich on 2 March is past midnight in Auckland.
    assert!(evidence.enrolment.iter().any(|day| day.day.to_string() == "2027-03-03" && day.arm == 1));
    assert!(evidence.locked);
}

#[test]
fn without_dates_everybody_is_mature() {
    let plan = simple();
    let report = read(&plan, "unit,arm,paid-28d\na,usual,0\nb,norm,1\n", &ColumnMapping::default()).unwrap();
    assert!(report.arms.iter().all(|arm| arm.analysed == 1 && arm.not_yet_mature == 0));
    assert!(report.integrity.iter().all(|gate| gate.gate != "plan_adherence" || gate.detail.contains("within")));
}

#[test]
fn a_value_is_capped_as_the_plan_says() {
    let plan = rich("not_settled");
    let text = "unit,arm,district,paid-28d,dollars-90d\na,usual,north,1,2000\nb,norm,north,0,\n";
    let (header, rows) = cells(text);
    let evidence = evidence_from_table(&plan, &header, rows, &ColumnMapping::default(), as_of()).unwrap();
    assert_eq!(evidence.outcomes[1].cells[0].tally.sum, 100_000, "1,000 dollars in cents");
}

#[test]
fn every_fault_of_a_line_is_told_with_its_place() {
    let plan = rich("left_out");
    let text = "unit,arm,assigned_at,district,paid-28d,dollars-90d
a,usual,2027-03-01,north,2,1.005
a,other,2027-03-32,,yes,1
,norm,2028-01-01,north,0,1e3
d,norm,2027-03-01,north,0
";
    assert_eq!(
        faults(&plan, text, &ColumnMapping::default()),
        [
            "value_out_of_range line 2, column \"paid-28d\": \"2\" is neither 1 (it happened) nor 0",
            "value_out_of_range line 2, column \"dollars-90d\": \"1.005\" is no whole multiple of the plan's step of 0.01",
            "duplicate_unit line 3, column \"unit\": this unit stands in an earlier line",
            "unknown_arm line 3, column \"arm\": \"other\" is no arm of the plan (usual, norm); say which arm it stands for \
             with --arm KEY=other",
            "malformed_time line 3, column \"assigned_at\": \"2027-03-32\" is neither a date such as 2027-03-01 nor a time \
             such as 2027-03-01T09:30:00Z",
            "missing_attribute line 3, column \"district\": the trial is balanced by this attribute",
            "value_out_of_range line 3, column \"paid-28d\": \"yes\" is not a number",
            "missing_unit line 4, column \"unit\": names no unit",
            "time_in_future line 4, column \"assigned_at\": 2028-01-01 lies in the future",
            "value_out_of_range line 4, column \"dollars-90d\": \"1e3\" is not a number",
            "wrong_width line 5: has 5 cells, the header has 6",
        ]
    );
}

#[test]
fn a_header_that_lacks_a_column_is_told_what_to_do() {
    let plan = simple();
    let none = ColumnMapping::default();
    assert_eq!(
        faults(&plan, "race,call\nwhite,1\n", &none),
        [
            "missing_column line 1: the file has no column for the unit; name it with --column unit=…, or say \
             --one-row-per-unit when each row is a unit of its own",
            "missing_column line 1: the file needs a column for arm; it has: race, call. Name one with --column arm=…",
            "missing_column line 1: the file needs a column for paid-28d; it has: race, call. Name one with --column \
             paid-28d=…",
        ]
    );
    let wrong = ColumnMapping::read(&["arm=rase"], &[], &[], true).unwrap();
    assert_eq!(
        faults(&plan, "race,paid-28d\nusual,1\n", &wrong),
        ["missing_column line 1, column \"rase\": named for arm, but the file does not have it"]
    );
    assert_eq!(faults(&plan, "unit,arm,paid-28d\n", &none), ["no_rows the file has no rows under its header"]);
    assert_eq!(faults(&plan, "unit,arm,arm,paid-28d\na,usual,norm,1\n", &none).len(), 1, "a column twice");
}

#[test]
fn faults_are_listed_up_to_a_limit() {
    let text = format!("unit,arm,paid-28d\n{}", "a,other,7\n".repeat(10_000));
    let count = faults(&simple(), &text, &ColumnMapping::default()).len();
    assert!((MOST_FAULTS..MOST_FAULTS + 5).contains(&count), "{count}");
}

#[test]
fn clusters_come_from_the_roster() {
    let plan = plan_with(|document| {
        document["outcomes"] = json!([document["outcomes"][0]]);
        document["decision_rule"] = json!("superior(paid-28d)");
        document["allocation"] = json!({"method": "cluster", "roster": ["x", "y"]});
        document["analysis"]["adjust_for"] = json!([]);
    });
    let text = "unit,arm,cluster,paid-28d\na,usual,x,1\nb,norm,z,1\n";
    assert_eq!(
        faults(&plan, text, &ColumnMapping::default()),
        ["unknown_cluster line 3, column \"cluster\": \"z\" is not on the plan's roster"]
    );
    assert!(faults(&plan, "arm,units,events\nusual,1,1\n", &ColumnMapping::default())[0].starts_with("clusters_need"));
}

#[test]
fn counts_are_whole_or_refused() {
    let plan = simple();
    let none = ColumnMapping::default();
    assert!(read(&plan, "arm,units,events\nnorm,500,130\nusual,500,100\n", &none).is_ok());
    assert_eq!(
        faults(&plan, "arm,units,events\nusual,500,501\nusual,-3,1\n", &none),
        [
            "value_out_of_range line 2, column \"events\": more events than units",
            "value_out_of_range line 3, column \"units\": \"-3\" is not a whole number of units",
        ]
    );
    assert_eq!(
        faults(&plan, "arm,units,events\nusual,500,100\n", &none),
        ["missing_arm the file has no line for arm norm and outcome paid-28d"]
    );
    assert!(faults(&rich("left_out"), "arm,units,events\n", &none)[0].starts_with("not_binary"));
}

#[test]
fn a_mapping_is_names_and_values_each_once() {
    assert_eq!(ColumnMapping::read(&["arm"], &[], &[], false), Err(MappingError::Malformed("arm".into())));
    assert_eq!(ColumnMapping::read(&["arm=a", "arm=b"], &[], &[], false), Err(MappingError::Twice("arm".into())));
    assert_eq!(ColumnMapping::read(&[], &["a=1", "b=1"], &[], false), Err(MappingError::Twice("1".into())));
}
