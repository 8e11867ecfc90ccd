-- The tables, as matcher/store/models.py describes them.

CREATE TABLE kinmatch.agreements (
  agreement_id TEXT NOT NULL,
  digest TEXT NOT NULL,
  document JSONB NOT NULL,
  valid_from DATE NOT NULL,
  valid_until DATE NOT NULL,
  retention_days INTEGER NOT NULL,
  compared_as TEXT,
  CONSTRAINT pk_agreements PRIMARY KEY (agreement_id),
  CONSTRAINT uq_agreements_digest UNIQUE (digest)
);

CREATE TABLE kinmatch.audit_checkpoints (
  number BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  public_key BYTEA NOT NULL,
  signature BYTEA NOT NULL,
  CONSTRAINT pk_audit_checkpoints PRIMARY KEY (number)
);

CREATE TABLE kinmatch.audit_entries (
  number BIGINT NOT NULL,
  at TIMESTAMP WITH TIME ZONE NOT NULL,
  actor TEXT NOT NULL,
  society TEXT,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  details TEXT NOT NULL,
  hash BYTEA NOT NULL,
  CONSTRAINT pk_audit_entries PRIMARY KEY (number)
);

CREATE INDEX ix_audit_entries_society ON kinmatch.audit_entries (society);

CREATE TABLE kinmatch.claim_key (
  key BYTEA NOT NULL,
  CONSTRAINT pk_claim_key PRIMARY KEY (key)
);

CREATE TABLE kinmatch.societies (
  name TEXT NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  CONSTRAINT pk_societies PRIMARY KEY (name)
);

CREATE TABLE kinmatch.agreement_parties (
  agreement TEXT NOT NULL,
  society TEXT NOT NULL,
  CONSTRAINT pk_agreement_parties PRIMARY KEY (agreement, society),
  CONSTRAINT fk_agreement_parties_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_agreement_parties_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name)
);

CREATE INDEX ix_agreement_parties_society ON kinmatch.agreement_parties (society);

CREATE TABLE kinmatch.batches (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  society TEXT NOT NULL,
  agreement TEXT NOT NULL,
  digest TEXT NOT NULL,
  size BIGINT NOT NULL,
  supersedes UUID,
  state TEXT NOT NULL,
  registered_on DATE NOT NULL,
  received_on DATE,
  expires_on DATE NOT NULL,
  key_epoch INTEGER,
  records INTEGER,
  problems TEXT[] DEFAULT '{}' NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_batches PRIMARY KEY (id),
  CONSTRAINT uq_batches_society_digest UNIQUE (society, digest),
  CONSTRAINT fk_batches_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_batches_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_batches_supersedes FOREIGN KEY(supersedes) REFERENCES kinmatch.batches (id)
);

CREATE INDEX ix_batches_agreement ON kinmatch.batches (agreement);

CREATE INDEX ix_batches_state ON kinmatch.batches (state);

CREATE TABLE kinmatch.corridors (
  agreement TEXT NOT NULL,
  from_society TEXT NOT NULL,
  to_society TEXT NOT NULL,
  CONSTRAINT pk_corridors PRIMARY KEY (agreement, from_society, to_society),
  CONSTRAINT fk_corridors_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_corridors_from_society FOREIGN KEY(from_society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_corridors_to_society FOREIGN KEY(to_society) REFERENCES kinmatch.societies (name)
);

CREATE INDEX ix_corridors_to_society ON kinmatch.corridors (to_society);

CREATE TABLE kinmatch.envelopes (
  agreement_id TEXT NOT NULL,
  society TEXT NOT NULL,
  number BIGINT NOT NULL,
  digest TEXT NOT NULL,
  accepted_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_envelopes PRIMARY KEY (agreement_id, society, number),
  CONSTRAINT fk_envelopes_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT uq_envelopes_digest UNIQUE (digest)
);

CREATE INDEX ix_envelopes_society ON kinmatch.envelopes (society);

CREATE TABLE kinmatch.runs (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  agreement TEXT NOT NULL,
  state TEXT NOT NULL,
  on_date DATE NOT NULL,
  is_full BOOLEAN NOT NULL,
  compares_as TEXT NOT NULL,
  plan JSONB NOT NULL,
  plan_digest TEXT NOT NULL,
  pairs BIGINT NOT NULL,
  outcome JSONB DEFAULT '{}' NOT NULL,
  planned_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_runs PRIMARY KEY (id),
  CONSTRAINT fk_runs_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id)
);

CREATE INDEX ix_runs_agreement ON kinmatch.runs (agreement);

CREATE UNIQUE INDEX uq_runs_one_unfinished ON kinmatch.runs (agreement) WHERE state IN ('planned', 'comparing');

CREATE TABLE kinmatch.users (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  society TEXT,
  subject TEXT NOT NULL,
  role TEXT NOT NULL,
  active BOOLEAN DEFAULT true NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_users PRIMARY KEY (id),
  CONSTRAINT fk_users_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT uq_users_subject UNIQUE (subject)
);

CREATE INDEX ix_users_society ON kinmatch.users (society);

CREATE TABLE kinmatch.api_tokens (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  user_id UUID NOT NULL,
  society TEXT,
  digest BYTEA NOT NULL,
  scopes TEXT[] NOT NULL,
  created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
  revoked_at TIMESTAMP WITH TIME ZONE,
  CONSTRAINT pk_api_tokens PRIMARY KEY (id),
  CONSTRAINT fk_api_tokens_user_id FOREIGN KEY(user_id) REFERENCES kinmatch.users (id),
  CONSTRAINT fk_api_tokens_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT uq_api_tokens_digest UNIQUE (digest)
);

CREATE INDEX ix_api_tokens_society ON kinmatch.api_tokens (society);

CREATE INDEX ix_api_tokens_user_id ON kinmatch.api_tokens (user_id);

CREATE TABLE kinmatch.comparisons (
  run_id UUID NOT NULL,
  number INTEGER NOT NULL,
  key_epoch INTEGER NOT NULL,
  left_society TEXT NOT NULL,
  left_role SMALLINT NOT NULL,
  left_part TEXT NOT NULL,
  left_rows INTEGER NOT NULL,
  right_society TEXT NOT NULL,
  right_role SMALLINT NOT NULL,
  right_part TEXT NOT NULL,
  right_rows INTEGER NOT NULL,
  CONSTRAINT pk_comparisons PRIMARY KEY (run_id, number),
  CONSTRAINT fk_comparisons_run_id FOREIGN KEY(run_id) REFERENCES kinmatch.runs (id),
  CONSTRAINT fk_comparisons_left_society FOREIGN KEY(left_society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_comparisons_right_society FOREIGN KEY(right_society) REFERENCES kinmatch.societies (name)
);

CREATE TABLE kinmatch.parts (
  batch_id UUID NOT NULL,
  number INTEGER NOT NULL,
  society TEXT NOT NULL,
  size BIGINT NOT NULL,
  digest TEXT NOT NULL,
  CONSTRAINT pk_parts PRIMARY KEY (batch_id, number),
  CONSTRAINT fk_parts_batch_id FOREIGN KEY(batch_id) REFERENCES kinmatch.batches (id) ON DELETE CASCADE,
  CONSTRAINT fk_parts_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name)
);

CREATE INDEX ix_parts_society ON kinmatch.parts (society);

CREATE TABLE kinmatch.records (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY,
  agreement TEXT NOT NULL,
  society TEXT NOT NULL,
  reference BYTEA NOT NULL,
  key_epoch INTEGER NOT NULL,
  batch_id UUID NOT NULL,
  row INTEGER NOT NULL,
  role SMALLINT NOT NULL,
  digest BYTEA NOT NULL,
  taken_in UUID,
  compared_in UUID,
  CONSTRAINT pk_records PRIMARY KEY (id),
  CONSTRAINT uq_records_agreement_society_reference_key_epoch UNIQUE (agreement, society, reference, key_epoch),
  CONSTRAINT fk_records_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_records_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_records_batch_id FOREIGN KEY(batch_id) REFERENCES kinmatch.batches (id),
  CONSTRAINT fk_records_taken_in FOREIGN KEY(taken_in) REFERENCES kinmatch.runs (id),
  CONSTRAINT fk_records_compared_in FOREIGN KEY(compared_in) REFERENCES kinmatch.runs (id)
);

CREATE INDEX ix_records_batch_id_row ON kinmatch.records (batch_id, row);

CREATE TABLE kinmatch.candidates (
  id BYTEA NOT NULL,
  agreement TEXT NOT NULL,
  left_record BIGINT NOT NULL,
  right_record BIGINT NOT NULL,
  left_digest BYTEA NOT NULL,
  right_digest BYTEA NOT NULL,
  distances INTEGER[] NOT NULL,
  score DOUBLE PRECISION NOT NULL,
  band SMALLINT NOT NULL,
  state TEXT NOT NULL,
  version INTEGER DEFAULT 1 NOT NULL,
  found_in UUID NOT NULL,
  CONSTRAINT pk_candidates PRIMARY KEY (id),
  CONSTRAINT fk_candidates_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id),
  CONSTRAINT fk_candidates_left_record FOREIGN KEY(left_record) REFERENCES kinmatch.records (id) ON DELETE CASCADE,
  CONSTRAINT fk_candidates_right_record FOREIGN KEY(right_record) REFERENCES kinmatch.records (id) ON DELETE CASCADE,
  CONSTRAINT fk_candidates_found_in FOREIGN KEY(found_in) REFERENCES kinmatch.runs (id)
);

CREATE INDEX ix_candidates_agreement ON kinmatch.candidates (agreement);

CREATE INDEX ix_candidates_left_record ON kinmatch.candidates (left_record);

CREATE INDEX ix_candidates_right_record ON kinmatch.candidates (right_record);

CREATE TABLE kinmatch.candidate_sides (
  candidate_id BYTEA NOT NULL,
  society TEXT NOT NULL,
  agreement TEXT NOT NULL,
  reference BYTEA NOT NULL,
  role SMALLINT NOT NULL,
  other_role SMALLINT NOT NULL,
  score DOUBLE PRECISION NOT NULL,
  band SMALLINT NOT NULL,
  levels INTEGER[] NOT NULL,
  weights DOUBLE PRECISION[] NOT NULL,
  kin DOUBLE PRECISION,
  state TEXT NOT NULL,
  version INTEGER NOT NULL,
  since DATE NOT NULL,
  listed BOOLEAN NOT NULL,
  verdict TEXT,
  CONSTRAINT pk_candidate_sides PRIMARY KEY (candidate_id, society),
  CONSTRAINT fk_candidate_sides_candidate_id FOREIGN KEY(candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE,
  CONSTRAINT fk_candidate_sides_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_candidate_sides_agreement FOREIGN KEY(agreement) REFERENCES kinmatch.agreements (agreement_id)
);

CREATE INDEX ix_candidate_sides_best_first ON kinmatch.candidate_sides (society, score DESC, candidate_id) WHERE listed;

CREATE TABLE kinmatch.decisions (
  id BIGINT GENERATED BY DEFAULT AS IDENTITY,
  candidate_id BYTEA NOT NULL,
  version INTEGER NOT NULL,
  society TEXT NOT NULL,
  user_id UUID,
  verdict TEXT NOT NULL,
  note_code TEXT,
  decided_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_decisions PRIMARY KEY (id),
  CONSTRAINT fk_decisions_candidate_id FOREIGN KEY(candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE,
  CONSTRAINT fk_decisions_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_decisions_user_id FOREIGN KEY(user_id) REFERENCES kinmatch.users (id)
);

CREATE INDEX ix_decisions_candidate_id ON kinmatch.decisions (candidate_id);

CREATE INDEX ix_decisions_society ON kinmatch.decisions (society);

CREATE TABLE kinmatch.disclosures (
  candidate_id BYTEA NOT NULL,
  society TEXT NOT NULL,
  other_society TEXT NOT NULL,
  other_reference BYTEA NOT NULL,
  disclosed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_disclosures PRIMARY KEY (candidate_id, society),
  CONSTRAINT fk_disclosures_candidate_id FOREIGN KEY(candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE,
  CONSTRAINT fk_disclosures_society FOREIGN KEY(society) REFERENCES kinmatch.societies (name),
  CONSTRAINT fk_disclosures_other_society FOREIGN KEY(other_society) REFERENCES kinmatch.societies (name)
);

CREATE INDEX ix_disclosures_society ON kinmatch.disclosures (society);

CREATE TABLE kinmatch.refinements (
  id UUID DEFAULT gen_random_uuid() NOT NULL,
  candidate_id BYTEA NOT NULL,
  state TEXT NOT NULL,
  first_released_by TEXT,
  expires_on DATE NOT NULL,
  outcome JSONB DEFAULT '{}' NOT NULL,
  changed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
  CONSTRAINT pk_refinements PRIMARY KEY (id),
  CONSTRAINT fk_refinements_candidate_id FOREIGN KEY(candidate_id) REFERENCES kinmatch.candidates (id) ON DELETE CASCADE,
  CONSTRAINT fk_refinements_first_released_by FOREIGN KEY(first_released_by) REFERENCES kinmatch.societies (name)
);

CREATE INDEX ix_refinements_candidate_id ON kinmatch.refinements (candidate_id);
