-- When a user's name and phone last changed: of a change here and one in auth, the later stays on both sides.
alter table user_field_versions add column changed_at timestamptz(3);
comment on column user_field_versions.changed_at is 'technical: of the latest change by the person, here or in auth; null after one by staff';
