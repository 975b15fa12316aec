-- A deleted customer is still known by its user; the undeleted ones have customers_user_id_taken for it.
create index customers_deleted_of_user on customers (company_id, user_id) where deleted_at is not null;

-- The newest change of each field of a user that was heard of: an older one that arrives later is ignored.
create table user_field_versions (
  company_id uuid not null,
  user_id uuid not null,
  field text not null,
  sequence bigint not null,
  primary key (company_id, user_id, field)
);

comment on column user_field_versions.company_id is 'technical';
comment on column user_field_versions.user_id is 'technical';
comment on column user_field_versions.field is 'technical: its name, never its value';
comment on column user_field_versions.sequence is 'technical: the version of the user that the change made';
