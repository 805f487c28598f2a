-- Links by which another agency sends outcomes for one trial. What was agreed never changes.
CREATE TABLE links (
  id TEXT PRIMARY KEY,
  trial_id BIGINT NOT NULL REFERENCES trials (id),
  partner_id BIGINT NOT NULL REFERENCES agencies (id),
  events TEXT NOT NULL,
  authority TEXT NOT NULL,
  reference TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  person_id BIGINT NOT NULL REFERENCES people (id),
  proposed_at BIGINT NOT NULL
);
CREATE INDEX links_trial ON links (trial_id);
CREATE INDEX links_partner ON links (partner_id);

-- What became of a link: accepted by the partner, ended by either; each once.
CREATE TABLE link_steps (
  link_id TEXT NOT NULL REFERENCES links (id),
  step TEXT NOT NULL CHECK (step IN ('accepted', 'ended')),
  person_id BIGINT NOT NULL REFERENCES people (id),
  at BIGINT NOT NULL,
  PRIMARY KEY (link_id, step)
);
CREATE TRIGGER links_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON links FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER link_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON link_steps FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
