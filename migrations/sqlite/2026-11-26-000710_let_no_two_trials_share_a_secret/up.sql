-- The commitment is the SHA-256 of a trial's secret, so two trials with one secret have one commitment.
CREATE UNIQUE INDEX trials_secret ON trials (secret_commitment);
