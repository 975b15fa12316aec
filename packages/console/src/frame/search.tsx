import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Search as SearchIcon } from 'lucide-react';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Autocomplete, Dialog, Input, Menu, Modal, ModalOverlay, SearchField } from 'react-aria-components';
import { api } from '../api/session.ts';
import { Avatar } from '../ui/avatar.tsx';
import dialog from '../ui/dialog.module.css';
import { Failure } from '../ui/failure.tsx';
import { MenuItem, MenuSection } from '../ui/menu.tsx';
import { visible } from '../ui/visible.tsx';
import type { NavigationItem } from './navigation.ts';
import styles from './search.module.css';

const fold = (text: string) => text.normalize('NFD').replaceAll(/\p{M}/gu, '').toLowerCase();

/** Finds pages and customers; the arrow keys choose, Enter opens. */
export function Search({ items, onClose }: { items: readonly NavigationItem[]; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const query = useDeferredValue(text.trim());
  const pages = items.filter(({ label }) => fold(t(label)).includes(fold(query)));
  const found = useQuery({
    queryKey: ['customers', 'search', query],
    queryFn: ({ signal }) => api.customers.search({ q: query, per_page: 8 }, { signal }),
    enabled: query.length >= 2,
    placeholderData: keepPreviousData,
  });
  const customers = query.length >= 2 ? (found.data?.customers ?? []) : [];
  const open = (key: React.Key) => {
    onClose();
    const page = items.find(({ to }) => to === key);
    if (page) void navigate({ to: page.to });
    else void navigate({ to: '/customers/$customerId', params: { customerId: String(key) } });
  };
  return (
    <ModalOverlay className={dialog.overlay} isOpen onOpenChange={(isOpen) => !isOpen && onClose()} isDismissable>
      <Modal className={`${dialog.modal} ${dialog.wide}`}>
        <Dialog className={styles.box} aria-label={t('frame.searchEverywhere')}>
          <Autocomplete inputValue={text} onInputChange={setText}>
            <SearchField className={styles.field} aria-label={t('frame.searchEverywhere')} autoFocus>
              <SearchIcon size={16} strokeWidth={1.5} aria-hidden />
              <Input className={styles.input} placeholder={t('frame.searchHint')} dir="auto" />
            </SearchField>
            {found.error && <Failure error={found.error} />}
            <Menu
              className={styles.results}
              onAction={open}
              renderEmptyState={() => <div className={styles.note}>{t('frame.searchNone')}</div>}
            >
              {pages.length > 0 && (
                <MenuSection title={t('frame.searchPages')}>
                  {pages.map(({ to, label, icon: Icon }) => (
                    <MenuItem key={to} id={to} textValue={t(label)}>
                      <Icon size={16} strokeWidth={1.5} aria-hidden />
                      {t(label)}
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
              {customers.length > 0 && (
                <MenuSection title={t('frame.searchCustomers')}>
                  {customers.map(({ id, number, full_name, email, phone }) => (
                    <MenuItem key={id} id={id} textValue={full_name ?? email ?? String(number)}>
                      <Avatar id={id} name={full_name ?? email ?? ''} size={20} />
                      <bdi className={styles.name}>{visible(full_name ?? email ?? String(number))}</bdi>
                      <bdi className={styles.second}>{visible(email ?? phone ?? String(number))}</bdi>
                    </MenuItem>
                  ))}
                </MenuSection>
              )}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
