-- A document number is one person's, whatever its type is called.
create unique index customers_document_number on customers (company_id, document_number) where deleted_at is null;
drop index customers_document_number_taken;
alter index customers_document_number rename to customers_document_number_taken;
