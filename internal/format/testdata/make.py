"""Makes the pictures of this folder with Pillow: the same 24x16 picture of four colours (red, green / blue, white) in every form.

Run in this folder, with Pillow 11.3: python make.py
"""
import os
import struct

from PIL import Image, ImageOps, PngImagePlugin

W, H = 24, 16
COLORS = {(0, 0): (220, 30, 30), (1, 0): (30, 180, 30), (0, 1): (30, 30, 220), (1, 1): (250, 250, 250)}


def picture():
    im = Image.new("RGB", (W, H))
    for y in range(H):
        for x in range(W):
            im.putpixel((x, y), COLORS[x * 2 // W, y * 2 // H])
    return im


# The inverse of what a viewer does for each orientation, so that every file looks like picture() when turned upright.
UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}

im = picture()
for n, undo in UNDO.items():
    turned = im.transpose(undo) if undo is not None else im
    exif = Image.Exif()
    exif[0x0110] = "a camera with a name that is longer than four bytes"
    exif[0x0112] = n
    turned.save(f"exif{n}.jpg", quality=95, subsampling=0, exif=exif)
    assert ImageOps.exif_transpose(Image.open(f"exif{n}.jpg")).size == (W, H)
exif = Image.Exif()
exif[0x0112] = 6
turned = im.transpose(UNDO[6])
turned.save("exif6.png", exif=exif)
turned.save("exif6.webp", lossless=True, exif=exif)
turned.save("exif6.tiff", tiffinfo={0x0112: 6})

im.save("plain.png")
im.save("plain.bmp")
im.save("plain.gif")
im.save("plain.webp", lossless=True)
im.save("lossy.webp", quality=95)
im.save("plain.tiff")
im.save("progressive.jpg", quality=95, subsampling=0, progressive=True)
im.save("subsampled.jpg", quality=95, subsampling=2)
im.convert("CMYK").save("cmyk.jpg", quality=95)
im.convert("P", palette=Image.Palette.ADAPTIVE).save("palette.png")
im.convert("L").save("grey.jpg", quality=95)
im.convert("L").save("grey.png")
im.convert("1").save("bits.png")
Image.frombytes("I;16", (W, H), b"".join((p * 257).to_bytes(2, "little") for p in im.convert("L").getdata())).save("grey16.png")
clear = im.convert("RGBA")
clear.putalpha(Image.new("L", (W, H), 0))
clear.save("transparent.png")
frames = [im, Image.new("RGB", (W, H), (0, 0, 0))]
frames[0].save("animated.gif", save_all=True, append_images=frames[1:], duration=100)
whole = open("exif1.jpg", "rb").read()
open("truncated.jpg", "wb").write(whole[: len(whole) * 2 // 3])

# Netpbm: text and bytes, 8 and 16 bits, with a comment.
rgb, luma = [p for xy in im.getdata() for p in xy], list(im.convert("L").getdata())
open("bytes.ppm", "wb").write(b"P6 # colour\n24 16\n255\n" + bytes(rgb))
open("text.ppm", "w").write("P3\n24 16\n# a comment\n255\n" + "\n".join(map(str, rgb)) + "\n")
open("deep.ppm", "wb").write(b"P6\n24 16\n65535\n" + struct.pack(">%dH" % len(rgb), *(v * 257 for v in rgb)))
open("bytes.pgm", "wb").write(b"P5\n24 16\n255\n" + bytes(luma))
open("text.pgm", "w").write("P2 24 16 4095 " + " ".join(str((v * 4095 + 127) // 255) for v in luma))
open("bytes.pbm", "wb").write(b"P4\n24 16\n" + bytes([0xff, 0xf0, 0x00] * 8 + [0xff, 0xf0, 0x00] * 8))  # black left, white right

# A fax, with 0 for black and with 0 for white: black left, white right.
half = Image.frombytes("1", (W, H), bytes([0x00, 0x0f, 0xff] * H))
half.save("fax.tiff", compression="group4")
half.save("fax-negative.tiff", compression="group4", tiffinfo={262: 0})
for name in ["fax.tiff", "fax-negative.tiff"]:
    assert list(Image.open(name).convert("L").getdata())[:: W - 1][:2] == [0, 255], name

# BMP in forms that Pillow does not write.
def bmp(header, pixels, size=40, palette=b""):
    at = 14 + size + len(palette)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 0, 0, at) + header + palette + pixels

def info(bits, packing, size=40, used=0, height=H):
    return struct.pack("<IiiHHIIiiII", size, W, height, 1, bits, packing, 0, 0, 0, used, 0)

rows = [[COLORS[x * 2 // W, y * 2 // H] for x in range(W)] for y in reversed(range(H))]
bgrx = b"".join(bytes([b, g, r, 0]) for row in rows for r, g, b in row)
open("v4.bmp", "wb").write(bmp(info(32, 0, 108) + bytes(68), bgrx, 108))  # the fourth byte has no meaning
open("v4masks.bmp", "wb").write(bmp(info(32, 3, 108) + struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff000000) + bytes(52), bgrx, 108))  # alpha 0 everywhere
bgra = b"".join(bytes([b, g, r, 255 if y < H // 2 else 0]) for y, row in enumerate(rows) for r, g, b in row)  # the lower half of the picture is seen
open("alpha.bmp", "wb").write(bmp(info(32, 3, 108) + struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff000000) + bytes(52), bgra, 108))
open("565.bmp", "wb").write(bmp(info(16, 3) + struct.pack("<III", 0xf800, 0x7e0, 0x1f), b"".join(struct.pack("<H", r >> 3 << 11 | g >> 2 << 5 | b >> 3) for row in rows for r, g, b in row), 52))
open("555.bmp", "wb").write(bmp(info(16, 0), b"".join(struct.pack("<H", r >> 3 << 10 | g >> 3 << 5 | b >> 3) for row in rows for r, g, b in row)))
palette = b"".join(bytes([b, g, r, 0]) for r, g, b in COLORS.values())  # 0 red, 1 green, 2 blue, 3 white
index = [[2, 3]] * (H // 2) + [[0, 1]] * (H // 2)
open("rle8.bmp", "wb").write(bmp(info(8, 1, used=4), b"".join(bytes([12, a, 0, 12] + [b] * 12 + [0, 0]) for a, b in index) + b"\0\1", palette=palette))
open("rle4.bmp", "wb").write(bmp(info(4, 2, used=4), b"".join(bytes([12, a * 17, 12, b * 17, 0, 0]) for a, b in index) + b"\0\1", palette=palette))
open("down.bmp", "wb").write(bmp(info(24, 0, height=-H), b"".join(bytes([b, g, r]) for row in reversed(rows) for r, g, b in row)))
core = struct.pack("<IHHHH", 12, W, H, 1, 4)
open("core.bmp", "wb").write(bmp(core, b"".join(bytes([a * 17] * 6 + [b * 17] * 6) for a, b in index), 12, b"".join(bytes([b, g, r]) for r, g, b in COLORS.values()) + bytes(36)))

# Animations: the first frame counts. In corner.webp and corner.gif it lies in the corner of its canvas, which is white else.
black = Image.new("RGB", (W, H), (0, 0, 0))
im.save("animated.webp", save_all=True, append_images=[black], duration=100, lossless=True)
im.save("animated-lossy.webp", save_all=True, append_images=[black], duration=100, quality=95)
whole = open("animated.webp", "rb").read()
at = whole.index(b"ANMF")
open("corner.webp", "wb").write(whole[:24] + struct.pack("<I", 2 * W - 1)[:3] + struct.pack("<I", 2 * H - 1)[:3] + whole[30:at + 8] + struct.pack("<I", W // 2)[:3] + struct.pack("<I", H // 2)[:3] + whole[at + 14:])
gif = bytearray(open("plain.gif", "rb").read())
gif[6:10] = struct.pack("<HH", 2 * W, 2 * H)
at = gif.index(b"\x2c", 13 + 3 * 2 ** ((gif[10] & 7) + 1))
gif[at + 1:at + 5] = struct.pack("<HH", W, H)
open("corner.gif", "wb").write(bytes(gif))

# 16 bits of which few are used: 131 levels, one in 8 bits.
Image.frombytes("I;16", (W, H), b"".join((29440 + i % 131).to_bytes(2, "little") for i in range(W * H))).save("thermal.png")

# Orientation in unusual places: a LONG, fill bytes before APP1, text of old ImageMagick in PNG, XMP.
turned = im.transpose(UNDO[6])
def tiff(kind, order):
    e = "<" if order == b"II" else ">"
    value = struct.pack(e + "HH", 6, 0) if kind == 3 else struct.pack(e + "I", 6)
    return order + struct.pack(e + "HIH", 42, 8, 1) + struct.pack(e + "HHI", 274, kind, 1) + value + bytes(4)
turned.save("lying.jpg", quality=95, subsampling=0)
lying = open("lying.jpg", "rb").read()
os.remove("lying.jpg")
def jpeg(body, before=b""):
    return lying[:2] + before + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + lying[2:]
open("exif-long.jpg", "wb").write(jpeg(b"Exif\0\0" + tiff(4, b"II")))
open("exif-fill.jpg", "wb").write(jpeg(b"Exif\0\0" + tiff(3, b"MM"), b"\xff\xff"))
xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></x:xmpmeta>'
open("exif-xmp.jpg", "wb").write(jpeg(b"http://ns.adobe.com/xap/1.0/\0" + xmp))
raw = b"Exif\0\0" + tiff(3, b"MM")
text = PngImagePlugin.PngInfo()
text.add_text("Raw profile type exif", "\nexif\n%8d\n%s\n" % (len(raw), raw.hex()), zip=True)
turned.save("exif-text.png", pnginfo=text)
text = PngImagePlugin.PngInfo()
text.add_itxt("XML:com.adobe.xmp", xmp.decode())
turned.save("exif-xmp.png", pnginfo=text)
for name in ["exif-long.jpg", "exif-fill.jpg", "exif-xmp.jpg", "exif-text.png", "exif-xmp.png"]:
    assert ImageOps.exif_transpose(Image.open(name)).size == (W, H), name

# Four components without Adobe's marker.
whole = open("cmyk.jpg", "rb").read()
at = whole.index(b"\xff\xee")
open("cmyk-bare.jpg", "wb").write(whole[:at] + whole[at + 2 + int.from_bytes(whole[at + 2:at + 4], "big"):])

# A picture of four times the sides, so that JPEG's reduced sizes are used.
large = im.resize((8 * W, 8 * H), Image.Resampling.BICUBIC)
large.save("large.jpg", quality=90)
large.save("large-progressive.jpg", quality=90, progressive=True)
large.save("large.png")
large.save("restart.jpg", quality=90, restart_marker_blocks=3)
large.save("restart-progressive.jpg", quality=90, progressive=True, restart_marker_blocks=5)
open("page.jpg", "w").write("<html><body>404 not found</body></html>\n")
open("empty.jpg", "w").close()
