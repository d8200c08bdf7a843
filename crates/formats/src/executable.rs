//! Tells programs by their content: ELF, PE, Mach-O, APE, scripts.

use std::io;

use tutela_core::Bytes;

use crate::Format;
use crate::input::Input;
use crate::little::{u32_at, u32_be_at};

/// What kind of program the bytes are, if they are one.
///
/// # Errors
/// What reading the bytes returns.
pub fn recognise(bytes: &dyn Bytes) -> io::Result<Option<Format>> {
    let mut input = Input::new(bytes);
    let head = input.prefix(0, 4096)?.to_vec();
    if is_elf(&head) {
        return Ok(Some(Format::Elf));
    }
    if is_ape(&head) {
        return Ok(Some(Format::Ape));
    }
    if is_mach_o(&head) {
        return Ok(Some(Format::MachO));
    }
    if head.starts_with(b"MZ") && is_pe(&mut input, &head)? {
        return Ok(Some(Format::Pe));
    }
    if is_script(&head) {
        return Ok(Some(Format::Script));
    }
    Ok(is_windows_script(&head).then_some(Format::WindowsScript))
}

/// The magic, a class of 32 or 64 bits, and one of two byte orders.
fn is_elf(head: &[u8]) -> bool {
    matches!(head, [0x7f, b'E', b'L', b'F', 1 | 2, 1 | 2, ..])
}

/// A DOS header that a shell reads as the assignment of a text (Cosmopolitan's "actually portable executable").
fn is_ape(head: &[u8]) -> bool {
    head.starts_with(b"MZqFpD='") || head.starts_with(b"jartsr='")
}

/// One program, or a "fat" file of several. Java classes share the fat magic: their next number is a
/// version of at least 45, where a fat file has a handful of architectures.
fn is_mach_o(head: &[u8]) -> bool {
    let (Some(magic), Some(count)) = (u32_be_at(head, 0), u32_be_at(head, 4)) else {
        return false;
    };
    match magic {
        0xfeed_face | 0xfeed_facf | 0xcefa_edfe | 0xcffa_edfe => true,
        0xcafe_babe | 0xcafe_babf => (1..40).contains(&count),
        0xbeba_feca | 0xbfba_feca => (1..40).contains(&count.swap_bytes()),
        _ => false,
    }
}

/// The DOS header points at `PE\0\0`; without it, Windows 16-bit and DOS programs are programs too.
fn is_pe(input: &mut Input<'_>, head: &[u8]) -> io::Result<bool> {
    let Some(at) = u32_at(head, 0x3c) else {
        return Ok(false);
    };
    let signature = input.prefix(u64::from(at), 4)?;
    Ok(signature == b"PE\0\0" || matches!(signature, [b'N' | b'L', b'E' | b'X', ..]))
}

/// `#!` and an absolute path. Rust's `#![attribute]` is none.
fn is_script(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.strip_prefix(b"#!")
        .map(<[u8]>::trim_ascii_start)
        .is_some_and(|rest| rest.starts_with(b"/"))
}

/// `@echo off` and what PowerShell scripts alone have.
fn is_windows_script(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = head.trim_ascii_start();
    let text: Vec<u8> = start.iter().take(512).map(u8::to_ascii_lowercase).collect();
    let begins = |prefix: &[u8]| text.starts_with(prefix);
    begins(b"@echo off")
        || begins(b"@setlocal")
        || begins(b"#requires -")
        || (begins(b"param(") || begins(b"param (")) && contains(&text, b"$")
        || begins(b"powershell ")
        || begins(b"powershell.exe ")
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<Format> {
        recognise(&bytes.to_vec()).unwrap()
    }

    fn windows_program() -> Vec<u8> {
        let mut bytes = vec![0; 0x44];
        bytes[..2].copy_from_slice(b"MZ");
        bytes[0x3c] = 0x40;
        bytes[0x40..].copy_from_slice(b"PE\0\0");
        bytes
    }

    #[test]
    fn programs_are_told_by_content() {
        assert_eq!(of(b"\x7fELF\x02\x01\x01"), Some(Format::Elf));
        assert_eq!(of(b"\xcf\xfa\xed\xfe\x07\0\0\x01"), Some(Format::MachO));
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x02"), Some(Format::MachO));
        assert_eq!(of(&windows_program()), Some(Format::Pe));
        assert_eq!(of(b"MZqFpD='\n\n\0\x10\0"), Some(Format::Ape));
        assert_eq!(of(b"#!/bin/sh\n"), Some(Format::Script));
        assert_eq!(of(b"#! /usr/bin/env python3\n"), Some(Format::Script));
        assert_eq!(of(b"@ECHO OFF\r\ndel x"), Some(Format::WindowsScript));
    }

    #[test]
    fn look_alikes_are_not_programs() {
        assert_eq!(of(b"\xca\xfe\xba\xbe\0\0\0\x34"), None, "a Java class");
        assert_eq!(
            of(b"MZ is how this text begins, and it goes on past the header of a program"),
            None
        );
        assert_eq!(of(b"#![allow(dead_code)]\n"), None);
        assert_eq!(of(b"# a heading\n"), None);
        assert_eq!(of(b"parameters"), None);
    }

    #[test]
    fn truncated_at_every_byte() {
        let whole = windows_program();
        for length in 0..whole.len() {
            assert_eq!(of(&whole[..length]), None);
        }
    }
}
