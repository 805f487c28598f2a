//! The sentences, page by page.

use super::catalogue;

catalogue! {
    /// A sentence of the public pages. Written into a page, it is in te reo Māori where it has words in it, before the English ones.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Say;

    // The code on a letter leads here.
    AboutThisTrial: "About this trial ({code})";
    AgencyAndCode: "{agency}, code {code}";
    SameForEverybody: "{state}. This page is the same for everybody, whichever version they got.";
    ChanceDecides: "Chance decides who gets which version. Nobody chooses it for you, and it says nothing about you.";
    NobodyKnowsYet: "Nobody knows yet which version serves people better. The reason to try: {why}.";
    CanBeStopped: "The people who run the trial and a monitor outside the team can stop it at any moment.";
    Watched: "These are watched while the trial runs, and it is stopped when they get worse than agreed:";
    StoppedForHarm: "When a trial is stopped for harm, everybody gets the usual version at once.";
    CallOrVisit: "Call or visit {agency} and say the code *{code}*. You can ask for any of these, and you need not say why:";
    NoMoreTrials: "no more trials: you get the usual service in all of them";
    NotThisTrial: "not this trial: you get the usual service from now on";
    NotMyData: "do not use my data: what is known of you in this trial is not counted";
    MakesNoDifference: "It makes no difference to your payments, your rights or how you are treated.";
    AskOrComplainHere: "You can [ask a question or complain here]{ask}, or in the same way. Nobody asks who you are. If you are not content with the answer, you can go to the Ombudsman, or to the Privacy Commissioner about your data.";
    WhatComesOut: "Do you want to know what comes out? [When the result is there, and how to be told]{result}. You need not give a name or an address.";
    AllInRegister: "[All about this trial in the public register, with its results when they are known]{register}";

    // When the result is public.
    ResultOfThisTrial: "The result of this trial ({code})";
    PublicSince: "The result has been public since {since}. [Read all of it in the register]{register}: how sure it is, whether anybody was harmed, and what is done now.";
    PublicBy: "The result is public by *{day}* at the latest.";
    CanComeSooner: "It can come sooner. It is published whatever it says, also when the new version did not help.";
    IsOverdue: "The result should have been public by *{day}*. It is overdue.";
    WhoIsResponsible: "{agency} is responsible. You can ask why, or complain, [on this page]{ask}.";
    TakesLonger: "By the plan, the result would have been public by *{day}*. The trial takes longer than that.";
    NoNewDay: "No new day is known. The register says so as soon as the data are complete; the result follows within 60 days.";
    NoResult: "There will be no result. The trial never started, and nobody was in it.";
    ReadWhyInRegister: "[Read in the register why]{register}.";
    HowToBeTold: "How to be told";
    NoList: "No list is kept of who wants to know, so nobody asks for your name, your address or your number.";
    IntoCalendar: "[Put the day into your calendar]{calendar}: a file that calendars on phones and computers open";
    FollowFeed: "[Follow the trial in a feed reader]{feed}: it tells when the data are complete and when the result is there";
    KeepLetter: "Keep the letter. The code *{code}* leads to this page, and later to the result.";
    CallFromThatDay: "Call or visit {agency} from that day on and say the code.";
    ForEverybodyTogether: "The result says what the versions did for everybody together. It says nothing about any one person, so it cannot say what a version did for you.";

    // Asking and complaining.
    AskOrComplain: "Ask or complain";
    AskOrComplainCode: "Ask or complain ({code})";
    AboutTheTrial: "About the trial: [{title}]{trial}. Nobody asks who you are, and it makes no difference to how you are treated.";
    Send: "Send";
    ReadTheAnswer: "Read the answer";
    Look: "Look";
    AnswerKept: "An answer can be read here for {days} days. Then it is removed, with what was asked.";
    CallOrGoOn: "You can also call or visit {agency} and say the code *{code}*. If you are not content with the answer, you can go to the Ombudsman, or to the Privacy Commissioner about your data.";
    Sent: "Sent";
    WriteNumberDown: "Write the number down: it is the only way to the answer, and nobody can find it for you.";
    WithinTwoWeeks: "{agency} answers on this site within two weeks. Look again with your number.";
    ReadWithNumber: "[Read the answer with your number]{ask}";
    BackToTrial: "[Back to the trial]{trial}";
    KindAndCode: "{kind} ({code})";
    YourMessage: "Your {kind}";
    SentOn: "Sent {day}";
    TheAnswer: "The answer";
    AnsweredOn: "Answered {day}";
    NotAnsweredYet: "It is not answered yet. Look again in a few days, or call {agency} and say the code *{code}*.";

    // The register.
    RegisterIntroduced: "Every trial of a public service here, from the day it is approved, with what it found, whatever it found.";
    Search: "Search";
    NoneHasAll: "No trial has all of this. Try fewer words, or [see the whole register]{register}.";
    NoneApprovedYet: "No trial has been approved yet. Each appears here on the day it is approved.";
    ResultsOverdue: "Results overdue";
    LastChange: "{agency}, last change {day}";
    ForPrograms: "For programs: [the register as JSON]{json}, [as an Atom feed]{feed}.";

    // One trial in the register.
    Warning: "Warning";
    OverdueSince: "Results overdue since {day}. Responsible: {agency}.";
    WhatHappensToday: "(what happens today)";
    WhatHappened: "What happened";
    WhoTookPart: "Who took part";
    ChecksOfData: "Checks of the data";
    NumbersElsewhere: "[These numbers as JSON]{json}, [as CSV]{csv}, [as a spreadsheet]{sheet}";
    ChecklistOfTrial: "[What a report of a trial should tell, and what the record of this one says to it]{checklist} (CONSORT 2025)";
    ResultsDue: "The data are complete. The results are due here within 60 days of the day they were fixed. [Which day that is, and how to be told]{result}";
    NoResultsYet: "None yet. Numbers are published when the data no longer change, not before: looking early makes a wrong answer more likely. [When that will be, and how to be told]{result}";
    WhatWasDecided: "What was decided";
    NoApproval: "No approval is on record for this version of the plan.";
    RoleAndDay: "{role}, {day}";
    ChangedAfterStart: "How the plan was changed after the start";
    VersionSince: "Version {number}, in force since {day}";
    WhatFingerprintsAre: "The protocol id is the fingerprint of the whole plan: one changed letter would change it. The commitment is the fingerprint of the secret from which versions are drawn; it was fixed at the start, so that nobody could choose who gets what.";
    StatementAsJson: "[This statement as JSON]{json}";
    PlanInPlainWords: "The plan in plain words";
    PublishedLater: "The whole plan is published here when nobody new enters any more.";
}
