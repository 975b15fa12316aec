-- A new customer writes fewer index entries (docs/adr/0043): none for a value that it does not have, and one for its number instead of two.
-- A comparison with a value is never true of null, so look-ups and uniqueness stay as they were.
create unique index customers_user_id_given on customers (company_id, user_id) where deleted_at is null and user_id is not null;
create unique index customers_external_id_given on customers (company_id, external_id) where deleted_at is null and external_id is not null;
create unique index customers_document_number_given on customers (company_id, document_key)
  where deleted_at is null and document_key is not null;
-- Finds a page by number at any offset without reading the rows before it: deleted customers are passed over in the index.
create unique index customers_number_given on customers (company_id, number) include (deleted_at);

-- The drops come last, because they keep readers out. The names stay: they say the field of a conflict.
drop index customers_user_id_taken, customers_external_id_taken, customers_document_number_taken, customers_undeleted_numbers;
alter index customers_user_id_given rename to customers_user_id_taken;
alter index customers_external_id_given rename to customers_external_id_taken;
alter index customers_document_number_given rename to customers_document_number_taken;
alter table customers
  drop constraint customers_number_taken,
  add constraint customers_number_taken unique using index customers_number_given;
