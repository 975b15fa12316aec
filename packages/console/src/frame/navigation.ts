import type { LinkProps } from '@tanstack/react-router';
import {
  Building,
  CalendarDays,
  ChartLine,
  Contact,
  FileUp,
  KeyRound,
  MailX,
  MessageSquareWarning,
  Package,
  ScrollText,
  Settings,
  UserCog,
  type LucideIcon,
} from 'lucide-react';
import type { ParseKeys } from 'i18next';

export type NavigationItem = {
  to: LinkProps['to'];
  label: ParseKeys;
  icon: LucideIcon;
  /** `g` and this letter lead there. */
  key: string;
  /** Without it everybody on the staff sees the item. */
  permission?: string;
  /** Whether the page needs a company, which a superuser has to choose. */
  needsCompany: boolean;
};

/** The side bar, in its order. A person sees what they may read. */
export const navigation: readonly NavigationItem[] = [
  { to: '/', label: 'frame.today', icon: CalendarDays, key: 'd', needsCompany: true },
  {
    to: '/customers',
    label: 'frame.customers',
    icon: Contact,
    key: 'c',
    permission: 'customers:read',
    needsCompany: true,
  },
  {
    to: '/complaints',
    label: 'customer.complaints',
    icon: MessageSquareWarning,
    key: 'b',
    permission: 'interactions:read',
    needsCompany: true,
  },
  {
    to: '/import',
    label: 'imports.title',
    icon: FileUp,
    key: 'i',
    permission: 'customers:import',
    needsCompany: true,
  },
  {
    to: '/products',
    label: 'products.title',
    icon: Package,
    key: 'p',
    permission: 'products:read',
    needsCompany: true,
  },
  {
    to: '/analytics',
    label: 'analytics.title',
    icon: ChartLine,
    key: 'a',
    permission: 'analytics:read',
    needsCompany: true,
  },
  { to: '/team', label: 'team.title', icon: UserCog, key: 't', permission: 'users:read', needsCompany: true },
  {
    to: '/developers/keys',
    label: 'keys.title',
    icon: KeyRound,
    key: 'k',
    permission: 'keys:manage',
    needsCompany: true,
  },
  { to: '/audit', label: 'audit.title', icon: ScrollText, key: 'l', permission: 'audit:read', needsCompany: false },
  {
    to: '/events/failed',
    label: 'failedEvents.title',
    icon: MailX,
    key: 'f',
    permission: 'events:manage',
    needsCompany: false,
  },
  {
    to: '/settings',
    label: 'settings.title',
    icon: Settings,
    key: 's',
    permission: 'companies:read',
    needsCompany: true,
  },
  {
    to: '/companies',
    label: 'companies.title',
    icon: Building,
    key: 'o',
    permission: 'companies:create',
    needsCompany: false,
  },
];
