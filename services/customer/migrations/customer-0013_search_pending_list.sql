-- Writes append the keys of a customer to a short pending list, which every search reads and a later write empties: docs/adr/0043.
alter index customers_search_text set (fastupdate = on, gin_pending_list_limit = 64);
