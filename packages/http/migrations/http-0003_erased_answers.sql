-- An answer that held somebody who was erased is gone; that there was one stays known for its 24 hours, so that a repeat does nothing.
alter table idempotency_keys add column erased boolean not null default false;

comment on column idempotency_keys.erased is 'technical: the answer was about a person whose data is gone';
comment on column idempotency_keys.key is 'technical: as the client chose it; its digest once the answer is erased';
