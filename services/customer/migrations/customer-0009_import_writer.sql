-- Which import made a change, so that it can be undone: docs/adr/0029.
alter table customer_history
  add column import_id uuid,
  add column import_row bigint,
  -- Null for the creation of a customer.
  add column import_details jsonb;
select migrations.comment_technical('customer_history', 'import_id');
comment on column customer_history.import_row is 'technical: the row of the file; of several rows the first';
comment on column customer_history.import_details is
  'sensitive: the version after the change, ids of added tags and notes, and the values before that changes does not show';
create index customer_history_import on customer_history (company_id, import_id, customer_id) where import_id is not null;

-- Finds the customers that only their names and birthday identify.
create index customers_unidentified on customers (company_id, full_name, birthday)
  where deleted_at is null and num_nonnulls(email, phone, external_id, document_number) = 0;

-- Customers as a dry run would store them, so that it finds what earlier chunks of the file would have created or changed.
-- The rows of an import are deleted when it ends.
create table customer_import_drafts (
  company_id uuid not null,
  import_id uuid not null,
  customer_id uuid not null,
  number bigint,
  record jsonb not null,
  full_name text,
  email_key text,
  phone_key text,
  external_id text,
  document_key text,
  user_id uuid,
  primary key (company_id, import_id, customer_id)
);
create index customer_import_drafts_email on customer_import_drafts (company_id, import_id, email_key) where email_key is not null;
create index customer_import_drafts_phone on customer_import_drafts (company_id, import_id, phone_key) where phone_key is not null;
create index customer_import_drafts_external_id on customer_import_drafts (company_id, import_id, external_id) where external_id is not null;
create index customer_import_drafts_document on customer_import_drafts (company_id, import_id, document_key) where document_key is not null;
create index customer_import_drafts_user on customer_import_drafts (company_id, import_id, user_id) where user_id is not null;
create index customer_import_drafts_number on customer_import_drafts (company_id, import_id, number) where number is not null;
create index customer_import_drafts_unidentified on customer_import_drafts (company_id, import_id, full_name)
  where num_nonnulls(email_key, phone_key, external_id, document_key) = 0;
select migrations.comment_technical('customer_import_drafts', 'company_id', 'import_id', 'customer_id');
comment on column customer_import_drafts.number is 'business';
comment on column customer_import_drafts.record is 'sensitive: the fields of the customer';
comment on column customer_import_drafts.full_name is 'personal';
comment on column customer_import_drafts.email_key is 'personal: the e-mail as it is compared';
comment on column customer_import_drafts.phone_key is 'personal: the phone as it is compared';
comment on column customer_import_drafts.external_id is 'personal: the customer''s key in another system';
comment on column customer_import_drafts.document_key is 'sensitive: the document number as it is compared';
comment on column customer_import_drafts.user_id is 'personal: the user account of the customer';

-- The search index collects new entries in a pending list, which one writer in many sorts into the index. Sessions of services keep the
-- list short (packages/db, connect.ts), an import empties it with each chunk; so no search reads more than a few pages of it.
alter index customers_search_text set (fastupdate = on);
-- Runs as the owner of the index, which the app role is not.
create function clean_search_index() returns bigint
  language sql
  security definer
  set search_path = public, pg_temp
as $$
  select gin_clean_pending_list('customers_search_text')
$$;

-- Analyzes the columns by which an import looks customers up, once the table has four times the pages that the planner knows of. Without
-- it an import into a new installation would read all customers for each value, until autovacuum comes round.
create function refresh_customer_statistics() returns void
  language plpgsql
  security definer
  set search_path = public, pg_temp
as $$
begin
  if (select pg_relation_size(oid) / 8192 > 4 * greatest(relpages, 25) from pg_class where oid = 'customers'::regclass) then
    analyze customers (company_id, id, deleted_at, number, user_id, external_id, email_key, phone_key, document_key);
  end if;
end
$$;
