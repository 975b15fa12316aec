import { Link } from '@tanstack/react-router';
import { PanelLeftClose, PanelLeftOpen } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import icon from '../styles/icon.svg';
import { Button } from '../ui/button.tsx';
import styles from './frame.module.css';
import type { NavigationItem } from './navigation.ts';

type SideBarProps = {
  items: readonly NavigationItem[];
  isCollapsed?: boolean;
  /** Collapses or expands it; absent in the drawer of narrow windows. */
  onToggle?: () => void;
  /** Called when a link was followed. */
  onFollow?: () => void;
};

export function SideBar({ items, isCollapsed, onToggle, onFollow }: SideBarProps) {
  const { t } = useTranslation();
  return (
    <nav className={styles.side} aria-label={t('frame.navigation')}>
      <Link to="/" className={styles.brand} onClick={onFollow}>
        <img src={icon} alt="" width={22} height={22} />
        <span>Clientela</span>
      </Link>
      <ul className={styles.links}>
        {items.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              className={styles.link}
              activeOptions={{ exact: to === '/', includeSearch: false }}
              title={isCollapsed ? t(label) : undefined}
              onClick={onFollow}
            >
              <Icon size={16} strokeWidth={1.5} aria-hidden />
              <span className={styles.label}>{t(label)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {onToggle && (
        <Button
          look={['quiet', 'icon']}
          onPress={onToggle}
          aria-expanded={!isCollapsed}
          aria-label={isCollapsed ? t('frame.expand') : t('frame.collapse')}
        >
          {isCollapsed ? <PanelLeftOpen size={16} strokeWidth={1.5} /> : <PanelLeftClose size={16} strokeWidth={1.5} />}
        </Button>
      )}
    </nav>
  );
}
