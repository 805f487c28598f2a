//! What a trial is: protocol, life cycle, eligibility, allocation, event screening. Pure.
