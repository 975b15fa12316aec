import { Menu as MenuIcon, Search } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button as AriaButton, Dialog, Modal, ModalOverlay } from 'react-aria-components';
import type { User } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import { CompanyPicker } from './company-picker.tsx';
import styles from './frame.module.css';
import type { NavigationItem } from './navigation.ts';
import { PersonMenu } from './person-menu.tsx';
import { SideBar } from './side-bar.tsx';

type TopBarProps = { user: User; items: readonly NavigationItem[]; onSearch: () => void };

export function TopBar({ user, items, onSearch }: TopBarProps) {
  const { t } = useTranslation();
  return (
    <header className={styles.top}>
      <Drawer items={items} />
      <AriaButton
        className={styles.search}
        onPress={onSearch}
        aria-label={t('frame.searchEverywhere')}
        aria-keyshortcuts="/"
      >
        <Search size={16} strokeWidth={1.5} aria-hidden />
        <span>{t('frame.searchEverywhere')}</span>
        <kbd aria-hidden>/</kbd>
      </AriaButton>
      <div className={styles.space} />
      {user.role === 'superuser' && <CompanyPicker />}
      <PersonMenu user={user} />
    </header>
  );
}

/** The side bar of narrow windows. */
function Drawer({ items }: { items: readonly NavigationItem[] }) {
  const { t } = useTranslation();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <span className={styles.menuButton}>
        <Button
          look={['quiet', 'icon']}
          aria-label={t('frame.menu')}
          aria-expanded={isOpen}
          onPress={() => setOpen(true)}
        >
          <MenuIcon size={16} strokeWidth={1.5} />
        </Button>
      </span>
      <ModalOverlay className={styles.drawer} isOpen={isOpen} onOpenChange={setOpen} isDismissable>
        <Modal className={styles.drawerPanel}>
          <Dialog className={styles.drawerPanel} aria-label={t('frame.menu')}>
            <SideBar items={items} onFollow={() => setOpen(false)} />
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}
