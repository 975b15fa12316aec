-- What the other columns of an audit entry do not say, such as why an event was dropped.
alter table audit_logs add column details jsonb;
comment on column audit_logs.details is 'business: never a person''s values';
