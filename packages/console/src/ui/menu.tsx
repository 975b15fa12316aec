import { Check } from 'lucide-react';
import type { ReactNode } from 'react';
import {
  Header,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  MenuSection as AriaMenuSection,
  MenuTrigger,
  Popover,
  Separator,
  type MenuItemProps,
  type MenuProps,
  type MenuSectionProps,
  type PopoverProps,
} from 'react-aria-components';
import styles from './menu.module.css';

type Props = Omit<MenuProps<object>, 'className' | 'children'> & {
  trigger: ReactNode;
  children: ReactNode;
  placement?: PopoverProps['placement'];
};

/** A menu that its trigger, a button, opens. */
export function Menu({ trigger, children, placement = 'bottom start', ...props }: Props) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className={styles.popover} placement={placement}>
        <AriaMenu {...props} className={styles.menu}>
          {children}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  );
}

export function MenuItem({
  children,
  ...props
}: Omit<MenuItemProps, 'className' | 'children'> & { children: ReactNode }) {
  return (
    <AriaMenuItem
      {...props}
      textValue={props.textValue ?? (typeof children === 'string' ? children : undefined)}
      className={styles.item}
    >
      {({ selectionMode, isSelected }) => (
        <>
          {selectionMode !== 'none' && (
            <span className={styles.check}>{isSelected && <Check size={16} aria-hidden />}</span>
          )}
          {children}
        </>
      )}
    </AriaMenuItem>
  );
}

/** A part of a menu with its heading; with `selectionMode` its items are choices. */
export function MenuSection({
  title,
  children,
  ...props
}: Omit<MenuSectionProps<object>, 'children'> & { title: string; children: ReactNode }) {
  return (
    <AriaMenuSection {...props}>
      <Header className={styles.section}>{title}</Header>
      {children}
    </AriaMenuSection>
  );
}

export const MenuSeparator = () => <Separator className={styles.separator} />;
