-- Erasures of persons, across all services: docs/adr/0018. A request holds ids, states and counts, and never a value of the person.
create table erasure_requests (
  company_id uuid not null,
  id uuid not null,
  customer_id uuid,
  customer_number bigint,
  user_id uuid,
  part_of uuid,
  requested_by text not null,
  requested_at timestamptz(3) not null default now(),
  begun_at timestamptz(3),
  done_at timestamptz(3),
  gone jsonb,
  receipt json,
  jws text,
  next_attempt_at timestamptz(3) not null default now(),
  attempts integer not null default 0,
  version bigint not null default 1,
  primary key (company_id, id),
  foreign key (company_id, part_of) references erasure_requests (company_id, id),
  constraint erasure_requests_somebody check (num_nonnulls(customer_id, user_id) > 0)
);
-- A person is erased once: a customer's id is never given again, nor is that of a user who has no customer.
create unique index erasure_requests_customer on erasure_requests (company_id, customer_id) where customer_id is not null;
create unique index erasure_requests_user on erasure_requests (company_id, user_id) where customer_id is null;
create index erasure_requests_of_user on erasure_requests (company_id, user_id, requested_at) where user_id is not null;
create index erasure_requests_newest on erasure_requests (company_id, requested_at desc, id desc);
create index erasure_requests_parts on erasure_requests (company_id, part_of) where part_of is not null;
create index erasure_requests_open on erasure_requests (requested_at) where done_at is null;

comment on column erasure_requests.company_id is 'technical';
comment on column erasure_requests.id is 'technical';
comment on column erasure_requests.customer_id is 'technical: an id, which leads to nobody once the request is done';
comment on column erasure_requests.customer_number is 'technical: as customer_id; other services know the customer by it';
comment on column erasure_requests.user_id is 'technical: as customer_id';
comment on column erasure_requests.part_of is 'technical: the request for the same user, of whom this is another record';
comment on column erasure_requests.requested_by is 'technical: the id of the user who asked';
comment on column erasure_requests.requested_at is 'technical';
comment on column erasure_requests.begun_at is 'technical: when the customer was removed here';
comment on column erasure_requests.done_at is 'technical';
comment on column erasure_requests.gone is 'technical: how many rows went when it began, by table';
comment on column erasure_requests.receipt is 'technical: names of tables and columns, and counts';
comment on column erasure_requests.jws is 'technical: the signed receipt';
comment on column erasure_requests.next_attempt_at is 'technical: when its receipt is asked for again';
comment on column erasure_requests.attempts is 'technical';
comment on column erasure_requests.version is 'technical';

-- What each service has still to do, or has done and reported.
create table erasure_steps (
  company_id uuid not null,
  request_id uuid not null,
  service text not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz(3) not null default now(),
  done_at timestamptz(3),
  report json,
  primary key (company_id, request_id, service),
  foreign key (company_id, request_id) references erasure_requests (company_id, id)
);
create index erasure_steps_open on erasure_steps (service, next_attempt_at) where done_at is null;

comment on column erasure_steps.company_id is 'technical';
comment on column erasure_steps.request_id is 'technical';
comment on column erasure_steps.service is 'technical';
comment on column erasure_steps.attempts is 'technical';
comment on column erasure_steps.next_attempt_at is 'technical';
comment on column erasure_steps.done_at is 'technical';
comment on column erasure_steps.report is 'technical: names of tables and columns, and counts';

-- Tombstones: what comes late for somebody who was erased finds them.
create table erased_customers (
  company_id uuid not null,
  customer_id uuid not null,
  erased_at timestamptz(3) not null default now(),
  primary key (company_id, customer_id)
);
create table erased_users (
  company_id uuid not null,
  user_id uuid not null,
  erased_at timestamptz(3) not null default now(),
  primary key (company_id, user_id)
);
comment on column erased_customers.company_id is 'technical';
comment on column erased_customers.customer_id is 'technical: an id that leads to nobody';
comment on column erased_customers.erased_at is 'technical';
comment on column erased_users.company_id is 'technical';
comment on column erased_users.user_id is 'technical: an id that leads to nobody';
comment on column erased_users.erased_at is 'technical';

-- By what an import would bring an erased customer back; no value can be read out of it.
create table erased_fingerprints (
  company_id uuid not null,
  fingerprint bytea not null,
  expires_at timestamptz(3) not null,
  primary key (company_id, fingerprint)
);
create index erased_fingerprints_expires_at on erased_fingerprints (expires_at);
comment on column erased_fingerprints.company_id is 'technical';
comment on column erased_fingerprints.fingerprint is 'technical: HMAC of a field''s name and value, under a key of this service';
comment on column erased_fingerprints.expires_at is 'technical';

-- Who wrote something about others: counted for the receipt, as it stays.
create index customer_history_actor on customer_history (company_id, actor_id);
create index customer_notes_author on customer_notes (company_id, created_by);
create index customer_tags_author on customer_tags (company_id, created_by);

-- Whose picture it was: an erasure waits until the storage has none of a customer's.
alter table avatar_deletions add column customer_id uuid;
create index avatar_deletions_customer on avatar_deletions (company_id, customer_id) where customer_id is not null;
comment on column avatar_deletions.customer_id is 'technical';
create or replace function discard_avatar() returns trigger
  language plpgsql
  set search_path = public
as $$
begin
  insert into avatar_deletions (company_id, name, due_at, customer_id)
    values (old.company_id, split_part(old.avatar_url, '/', 3), now(), old.id)
  on conflict (company_id, name) do nothing;
  return null;
end
$$;
