"""Tryton: an ERP that sells, delivers and bills in one database."""
